package workload

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/freshet-go/freshet/internal/bench/contest"
	"github.com/freshet-go/freshet/internal/bench/measure"
)

const (
	modulePath = "github.com/freshet-go/freshet/internal/bench"
	coldStarts = 100
)

// cold is W10.
func cold(o Options, r *measure.Results) error {
	rec := r.Case("W10", "new, fetch, close")
	for round := range o.Rounds {
		for _, s := range rotated(o.Contestants, round) {
			if s.Cold == nil {
				continue
			}
			if err := coldCase(rec, s); err != nil {
				return fmt.Errorf("%s: %w", s.Name, err)
			}
		}
	}
	dir, err := os.MkdirTemp("", "freshet-bench")
	if err != nil {
		return err
	}
	for _, s := range o.Contestants {
		if s.Minimal != "" {
			err = errors.Join(err, weigh(r.Case("W10", "binary"), s, dir))
		}
	}
	return errors.Join(err, os.RemoveAll(dir))
}

func coldCase(rec measure.Recorder, s contest.Spec) error {
	goroutines := runtime.NumGoroutine()
	err := s.Cold()
	before := measure.Allocations()
	spent := measure.Timed(func() {
		for range coldStarts {
			if err == nil {
				err = s.Cold()
			}
		}
	})
	objects, bytes := measure.Allocations().Since(before, coldStarts)
	rec.Timing(s.Name, "cpu us", float64(spent.CPU)/1e3/coldStarts)
	rec.Count(s.Name, "allocs", objects)
	rec.Count(s.Name, "B", bytes)
	time.Sleep(settling) // for goroutines that have been told to end
	rec.Count(s.Name, "goroutines left", float64(max(0, runtime.NumGoroutine()-goroutines))/(coldStarts+1))
	return err
}

// weigh builds the smallest program that uses a contestant, and lists what it
// links.
func weigh(rec measure.Recorder, s contest.Spec, dir string) error {
	ctx, program := context.Background(), modulePath+"/minimal/"+s.Minimal
	binary := filepath.Join(dir, s.Minimal)
	if out, err := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", binary, program).CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", program, err, out)
	}
	file, err := os.Stat(binary)
	if err != nil {
		return err
	}
	rec.Count(s.Name, "KiB", float64(file.Size())/1024)
	out, err := exec.CommandContext(ctx, "go", "list", "-deps", "-f", "{{if not .Standard}}{{with .Module}}{{.Path}}{{end}}{{end}}", program).Output()
	if err != nil {
		return fmt.Errorf("list %s: %w", program, err)
	}
	modules := map[string]bool{}
	for path := range strings.FieldsSeq(string(out)) {
		modules[path] = true
	}
	rec.Count(s.Name, "modules linked", float64(len(modules)-1)) // all but this one
	return nil
}
