// Testsum reads the output of `go test -json` and prints what a person wants to
// know of it: one line of counts for each package, the full output of whatever
// failed, and the reason of every skip.
//
//	go test -json ./... | go run ./internal/testsum [-no-skips] [-totals file]
//
// It exits with 1 if anything failed, if nothing ran at all, or, with
// -no-skips, if a test was skipped. Subtests count as tests.
package main
