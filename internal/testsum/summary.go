package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

var (
	errFailed  = errors.New("tests failed")
	errSkipped = errors.New("tests were skipped")
	errNoTests = errors.New("no test ran")
)

// event is one line of `go test -json`; `go doc test2json` describes it.
type event struct {
	Action, Package, Test, Output string
	ImportPath                    string // of build-output, in place of Package
	FailedBuild                   string
}

type counts struct{ passed, failed, skipped int }

func (c *counts) add(other counts) {
	c.passed += other.passed
	c.failed += other.failed
	c.skipped += other.skipped
}

// testID names one test; an empty test stands for the package as a whole.
type testID struct{ pkg, test string }

// failure is a test that failed and what it printed. A repetition may pass yet.
type failure struct {
	testID
	text string
}

// summary is what a stream of events amounts to.
type summary struct {
	packages map[string]counts
	total    counts
	output   map[testID]*strings.Builder // of what is still running
	failures []failure                   // in the order in which they ended
	skips    []string                    // "package test: reason"
	stray    []string                    // lines that are not JSON, such as go vet's
}

// read consumes the whole stream, so that the writer never meets a closed pipe.
func read(stream io.Reader) (*summary, error) {
	s := &summary{packages: map[string]counts{}, output: map[testID]*strings.Builder{}}
	reader := bufio.NewReader(stream) // not a Scanner: output lines have no bound
	for {
		line, err := reader.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			s.line(line)
		}
		if errors.Is(err, io.EOF) {
			return s, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func (s *summary) line(line []byte) {
	var e event
	if err := json.Unmarshal(line, &e); err != nil {
		s.stray = append(s.stray, strings.TrimRight(string(line), "\r\n"))
		return
	}
	s.add(e)
}

func (s *summary) add(e event) {
	id := testID{e.Package, e.Test}
	switch e.Action {
	case "output":
		s.appendOutput(id, e.Output)
	case "build-output":
		s.appendOutput(testID{pkg: e.ImportPath}, e.Output)
	case "pass":
		s.count(id, counts{passed: 1})
		delete(s.output, id)
	case "skip":
		s.skip(id)
	case "fail":
		s.fail(id, e.FailedBuild)
	}
}

func (s *summary) appendOutput(id testID, text string) {
	if s.output[id] == nil {
		s.output[id] = &strings.Builder{}
	}
	s.output[id].WriteString(text)
}

// count adds to the package of a test. The result of a package as a whole adds
// nothing: it follows from those of its tests, except in fail.
func (s *summary) count(id testID, one counts) {
	if id.test == "" {
		one = counts{}
	}
	s.total.add(one)
	of := s.packages[id.pkg]
	of.add(one)
	s.packages[id.pkg] = of
}

func (s *summary) skip(id testID) {
	defer delete(s.output, id)
	if id.test == "" {
		return // a package without test files
	}
	s.count(id, counts{skipped: 1})
	reason := ""
	if text := s.output[id]; text != nil {
		reason = skipReason(text.String())
	}
	s.skips = append(s.skips, fmt.Sprintf("%s %s: %s", id.pkg, id.test, reason))
}

// skipReason drops the lines that the testing package frames a test with.
func skipReason(output string) string {
	var reasons []string
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "=== ") && !strings.HasPrefix(line, "--- ") {
			reasons = append(reasons, line)
		}
	}
	return strings.Join(reasons, " ")
}

// fail records a failure. A package that failed although none of its tests did
// was not built, ran out of time, or ended by a panic or an exit: one failure.
func (s *summary) fail(id testID, failedBuild string) {
	defer func() {
		if text := s.output[id]; text != nil {
			s.failures = append(s.failures, failure{id, text.String()})
			delete(s.output, id)
		}
	}()
	if id.test != "" {
		s.count(id, counts{failed: 1})
		return
	}
	if text := s.output[testID{pkg: failedBuild}]; text != nil && failedBuild != id.pkg {
		s.appendOutput(id, text.String())
	}
	of := s.packages[id.pkg]
	if of.failed == 0 {
		of.failed = 1
		s.total.failed++
	}
	s.packages[id.pkg] = of
}

// print writes failures first and the table of packages last, where a reader
// of a long log looks.
func (s *summary) print(w io.Writer) error {
	var out bytes.Buffer
	for _, line := range s.stray {
		fmt.Fprintln(&out, line)
	}
	for _, f := range s.failures {
		fmt.Fprintf(&out, "=== %s %s\n%s", f.pkg, f.test, f.text)
	}
	for _, skip := range s.skips {
		fmt.Fprintln(&out, "skipped:", skip)
	}
	for _, pkg := range slices.Sorted(maps.Keys(s.packages)) {
		of := s.packages[pkg]
		fmt.Fprintf(&out, "%6d passed %4d failed %4d skipped  %s\n", of.passed, of.failed, of.skipped, pkg)
	}
	fmt.Fprintf(&out, "%6d passed %4d failed %4d skipped  in all\n", s.total.passed, s.total.failed, s.total.skipped)
	_, err := w.Write(out.Bytes())
	return err
}

func (s *summary) verdict(noSkips bool) error {
	switch {
	case s.total.failed > 0:
		return errFailed
	case s.total.passed == 0:
		return errNoTests
	case noSkips && s.total.skipped > 0:
		return errSkipped
	}
	return nil
}
