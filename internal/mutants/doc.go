// Mutants breaks the code, one behaviour after the other, and expects a test to
// notice each time.
//
//	go run ./internal/mutants [-run regexp] [-short]
//
// The behaviours, and how to break them, are in mutants.txt. All mutants of a
// package are compiled into one test binary, which an environment variable tells
// which of them is in force; see insertion. The files they are written to stand in
// for those of the package by go test -overlay, so nothing in the tree changes.
//
// A behaviour is caught if a test of its package fails. It is not if they pass,
// and neither if the mutant does not compile, or if the tests die or run out of
// time without a failed test: then the table needs another mutant.
package main
