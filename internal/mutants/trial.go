package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"
)

var (
	errSurvived = errors.New("no test fails")
	errNoTest   = errors.New("the tests end without a failed test")
)

// atOnce is how many mutants are tried at a time.
const atOnce = 2

// trial is a mutant and what became of it.
type trial struct {
	mutant

	insertion insertion
	test      string // that caught it
	err       error  // why none did
}

// tryPackage tries the mutants of one package.
func (l *lab) tryPackage(ctx context.Context, pkg string, trials []*trial) error {
	sources, err := l.sources(pkg)
	if err != nil {
		return err
	}
	for _, t := range trials {
		t.insertion, t.err = t.mutant.insertion(sources)
	}
	binary, err := l.build(ctx, pkg, sources, trials)
	if err != nil {
		return err
	}
	switch test, err := l.run(ctx, binary, pkg, 0); {
	case err == nil:
		return fmt.Errorf("%s fails before anything is broken", test)
	case !errors.Is(err, errSurvived):
		return err
	}
	var running errgroup.Group
	running.SetLimit(atOnce)
	for _, t := range trials {
		running.Go(func() error {
			if t.err == nil {
				t.test, t.err = l.run(ctx, binary, pkg, t.number)
			}
			return l.report(t) // one that survives does not keep others from being tried
		})
	}
	return errors.Join(running.Wait(), ctx.Err())
}

// sound returns the trials in which nothing went wrong so far.
func sound(trials []*trial) []*trial {
	var left []*trial
	for _, t := range trials {
		if t.err == nil {
			left = append(left, t)
		}
	}
	return left
}

// run runs the tests with one mutant in force, none if number is zero. It returns
// the first test that failed.
func (l *lab) run(ctx context.Context, binary, pkg string, number int) (test string, err error) {
	args := []string{"-test.failfast", "-test.timeout=120s"}
	if l.short {
		args = append(args, "-test.short")
	}
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir = l.dir(pkg)
	cmd.Env = append(os.Environ(), environment+"="+strconv.Itoa(number), "RAPID_NOFAILFILE=1") // which would be in the tree
	output, err := cmd.CombinedOutput()
	return verdict(string(output), err)
}

// verdict says what the output of tests and the error of their process mean.
func verdict(output string, err error) (test string, _ error) {
	if err == nil {
		return "", errSurvived
	}
	if failed := regexp.MustCompile(`(?m)^--- FAIL: (\S+)`).FindStringSubmatch(output); failed != nil {
		return failed[1], nil
	}
	return "", fmt.Errorf("%w: %w\n%s", errNoTest, err, head(output, 12))
}

// head returns the first lines of a text.
func head(text string, lines int) string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(all[:min(lines, len(all))], "\n")
}
