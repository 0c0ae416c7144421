// Package conformance plays recorded scenarios against package query and
// compares what it sees with what query-core showed. testdata/FORMAT.md is the
// contract; testdata/oracle recorded the traces and makes new ones.
//
// A scenario is parsed strictly ([Parse]), played in a testing/synctest bubble
// ([Scenario.Play]) and its trace compared record by record ([Compare]). No
// scenario is special and nothing is tolerated: a step or an option that the
// runner does not know is an error, never a skip.
//
//	go run ./internal/conformance/cmd/conformance
//	go run ./internal/conformance/cmd/conformance-random -seed 7
//	go test ./internal/conformance -run TestCorpus/polling
package conformance
