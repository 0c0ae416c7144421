package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/freshet-go/freshet/internal/conformance"
)

// player plays folders of recorded scenarios with the test that has the bubbles,
// built once.
type player struct {
	binary  string
	dir     string // of the tests
	scratch string
	times   int
}

func newPlayer(ctx context.Context, dir, scratch string, times int) (player, error) {
	p := player{binary: filepath.Join(scratch, "conformance.test"), dir: dir, scratch: scratch, times: times}
	build := exec.CommandContext(ctx, "go", "test", "-c", "-o", p.binary, testPackage)
	build.Stderr = os.Stderr
	return p, build.Run()
}

// played is what became of the scenarios of a folder.
type played struct {
	total  int
	failed []conformance.Failure
}

// percent is how many of the scenarios passed, in percent.
func (p played) percent() float64 {
	return 100 * float64(p.total-len(p.failed)) / float64(max(p.total, 1))
}

func (p played) summary(o options) string {
	passed := p.total - len(p.failed)
	what := fmt.Sprintf("seed %d", o.seed)
	if o.scenarios != "" {
		what = o.scenarios
	}
	return fmt.Sprintf("%s: %d of %d programs show what query-core shows (%.2f %%)",
		what, passed, p.total, p.percent())
}

// play plays all scenarios of a folder. One that brings down the process with
// everything else is found by dividing.
func (p player) play(ctx context.Context, dir string) (played, error) {
	files, err := scenarioFiles(dir)
	if err != nil || len(files) == 0 {
		return played{}, err
	}
	report, output, err := p.start(ctx, dir)
	switch {
	case err != nil:
		return played{}, err
	case report != nil:
		return played{total: report.Total, failed: report.Failed}, nil
	case len(files) == 1:
		name, err := scenarioName(files[0])
		return played{1, []conformance.Failure{{Name: name, Problem: "the process died:\n" + head(output)}}}, err
	}
	var both played
	for _, half := range [][]string{files[:len(files)/2], files[len(files)/2:]} {
		dir, err := copies(p.scratch, half)
		if err != nil {
			return both, err
		}
		part, err := p.play(ctx, dir)
		if err := errors.Join(err, os.RemoveAll(dir)); err != nil {
			return both, err
		}
		both.total += part.total
		both.failed = append(both.failed, part.failed...)
	}
	return both, nil
}

// start runs the test on a folder and returns its report, none if it died.
func (p player) start(ctx context.Context, dir string) (*conformance.Report, []byte, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, nil, err
	}
	file := filepath.Join(p.scratch, "report.json")
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, err // an old report must not pass for a new one
	}
	test := exec.CommandContext(ctx, p.binary, "-test.run", "^TestCorpus$", "-test.timeout", "10m",
		"-scenarios", dir, "-report", file, "-times", strconv.Itoa(p.times))
	test.Dir = p.dir
	output, err := test.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		return nil, nil, errors.Join(err, ctx.Err())
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, output, nil
	}
	if err != nil {
		return nil, nil, err
	}
	var r conformance.Report
	return &r, output, json.Unmarshal(text, &r)
}

func scenarioFiles(dir string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && filepath.Ext(path) == ".json" {
			files = append(files, path)
		}
		return err
	})
	return files, err
}

func scenarioName(file string) (string, error) {
	p, err := readProgram(file)
	if err != nil {
		return "", err
	}
	name, _ := p["name"].(string)
	return name, nil
}

// copies puts the files into a new folder.
func copies(scratch string, files []string) (string, error) {
	dir, err := os.MkdirTemp(scratch, "part")
	if err != nil {
		return "", err
	}
	for i, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%06d.json", i)), text, 0o600); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// head returns the first lines of what a dying process said, where the reason
// is.
func head(output []byte) string {
	const lines = 30
	all := strings.SplitAfterN(string(output), "\n", lines+1)
	return strings.Join(all[:min(lines, len(all))], "")
}
