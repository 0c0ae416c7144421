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

// run runs the tests with one mutant in force, none if number is zero, until the
// first of them fails, which it returns.
func (l *lab) run(ctx context.Context, binary, pkg string, number int) (test string, err error) {
	args := []string{"-test.failfast", "-test.timeout=120s"}
	if l.short {
		args = append(args, "-test.short")
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	output := &transcript{onFail: stop}
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir = l.dir(pkg)
	cmd.Env = append(os.Environ(), environment+"="+strconv.Itoa(number),
		// Random tests are the same each time, leave no file, and waste no time on
		// small counterexamples.
		"RAPID_SEED=1", "RAPID_NOFAILFILE=true", "RAPID_SHRINKTIME=0s")
	cmd.Stdout, cmd.Stderr = output, output
	return output.verdict(cmd.Run())
}

// transcript is what tests print up to the first that fails. Those that run beside
// it may never end, now that the code is broken.
type transcript struct {
	text   []byte
	failed string
	onFail func()
}

func (w *transcript) Write(p []byte) (int, error) {
	if w.failed != "" {
		return len(p), nil
	}
	w.text = append(w.text, p...)
	if failed := regexp.MustCompile(`(?m)^--- FAIL: (\S+) `).FindSubmatch(w.text); failed != nil {
		w.failed = string(failed[1])
		w.onFail()
	}
	return len(p), nil
}

// verdict says what the transcript and the outcome of the process mean.
func (w *transcript) verdict(err error) (test string, _ error) {
	switch {
	case w.failed != "":
		return w.failed, nil
	case err == nil:
		return "", errSurvived
	default:
		return "", fmt.Errorf("%w: %w\n%s", errNoTest, err, head(string(w.text), 12))
	}
}

// head returns the first lines of a text.
func head(text string, lines int) string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(all[:min(lines, len(all))], "\n")
}
