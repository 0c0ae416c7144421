// Command conformance plays recorded scenarios against package query and prints
// how many of each category show what query-core showed.
//
//	go run ./internal/conformance/cmd/conformance [-scenarios DIR] [-report FILE]
//
// It exits with status 1 if a scenario of a required category fails. Of a
// folder given with -scenarios everything is required.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"github.com/freshet-go/freshet/internal/conformance"
)

const testPackage = "github.com/freshet-go/freshet/internal/conformance"

func main() {
	scenarios := flag.String("scenarios", "", "folder of scenarios to play instead of the corpus")
	report := flag.String("report", "", "file for the report, as JSON")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	sound, err := run(ctx, *scenarios, *report, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(2)
	}
	if !sound {
		os.Exit(1)
	}
}

// run plays the scenarios in a test, where alone there are bubbles, and prints
// the table. It reports whether everything required passed.
func run(ctx context.Context, scenarios, report string, w io.Writer) (sound bool, err error) {
	dir, err := os.MkdirTemp("", "conformance")
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if report == "" {
		report = filepath.Join(dir, "report.json")
	}
	// The test runs in the folder of its package.
	if report, err = filepath.Abs(report); err != nil {
		return false, err
	}
	args := []string{"test", testPackage, "-count=1", "-run", "^TestCorpus$", "-report", report}
	if scenarios != "" {
		if scenarios, err = filepath.Abs(scenarios); err != nil {
			return false, err
		}
		args = append(args, "-scenarios", scenarios)
	}
	if err := os.Remove(report); err != nil && !errors.Is(err, os.ErrNotExist) {
		return false, err // an old report must not pass for a new one
	}
	test := exec.CommandContext(ctx, "go", args...)
	test.Stdout, test.Stderr = w, os.Stderr
	failure := test.Run()
	text, err := os.ReadFile(report)
	if err != nil {
		return false, errors.Join(failure, err)
	}
	var r conformance.Report
	if err := json.Unmarshal(text, &r); err != nil {
		return false, err
	}
	if _, err := io.WriteString(w, table(&r, scenarios != "")); err != nil {
		return false, err
	}
	sound = failure == nil
	if scenarios == "" {
		for _, category := range conformance.Required() {
			sound = sound && r.Sound(category)
		}
	}
	return sound, nil
}

// table returns a line for each category, and what failed.
func table(r *conformance.Report, allRequired bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-24s %6s %6s  %s\n", "category", "passed", "total", "required")
	for _, category := range slices.Sorted(maps.Keys(r.Categories)) {
		tally, note := r.Categories[category], "no"
		if allRequired || slices.Contains(conformance.Required(), category) {
			note = "yes"
			if !r.Sound(category) {
				note = "yes, FAILED"
			}
		}
		fmt.Fprintf(&b, "%-24s %6d %6d  %s\n", category, tally.Passed, tally.Total, note)
	}
	for _, f := range r.Failed {
		fmt.Fprintf(&b, "failed: %s\n", f.Name)
	}
	rate := 100 * float64(r.Passed) / float64(max(r.Total, 1))
	fmt.Fprintf(&b, "%d of %d scenarios pass (%.1f %%)\n", r.Passed, r.Total, rate)
	return b.String()
}
