// Command conformance-random makes random programs, records with the oracle what
// query-core shows, plays them against package query and prints how many show
// the same. Of each that does not it looks for the smallest program that still
// differs, prints both traces side by side and keeps the program as a scenario.
//
//	go run ./internal/conformance/cmd/conformance-random [-seed N] [-count N] [-out DIR]
//
// It needs Node and exits with status 1 if any program differs. The same seed
// always makes the same programs.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
)

// options are what the command line says.
type options struct {
	seed      int
	count     int
	steps     string // of a program, from-to
	scenarios string // instead of programs of the generator
	oracle    string // folder
	out       string
	times     int
	shrink    int
	floor     float64 // percent
}

func main() {
	var o options
	flag.IntVar(&o.seed, "seed", 1, "seed of the generator")
	flag.IntVar(&o.count, "count", 300, "number of programs")
	flag.StringVar(&o.steps, "steps", "10-36", "fewest and most steps of a program")
	flag.StringVar(&o.scenarios, "scenarios", "", "folder of recorded scenarios to play instead of random ones")
	flag.StringVar(&o.oracle, "oracle", "", "folder of the oracle, that of the corpus if not given; another one may hold another query-core")
	flag.StringVar(&o.out, "out", "", "folder for the smallest programs that differ; a new one in the temporary folder if not given")
	flag.IntVar(&o.times, "times", 3, "how often to play each program; one difference is enough to fail")
	flag.IntVar(&o.shrink, "shrink", 20, "how many of the programs that differ to shrink")
	flag.Float64Var(&o.floor, "floor", 100, "percentage of the programs that must show what query-core shows")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	sound, err := run(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "conformance-random:", err)
		os.Exit(2)
	}
	if !sound {
		os.Exit(1)
	}
}

// run reports whether enough programs show what query-core showed.
func run(ctx context.Context, o options) (sound bool, err error) {
	scratch, err := os.MkdirTemp("", "conformance-random")
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	home, err := packageDir(ctx)
	if err != nil {
		return false, err
	}
	if o.oracle == "" {
		o.oracle = filepath.Join(home, "testdata", "oracle")
	}
	oracle := oracle{dir: o.oracle}
	if err := oracle.install(ctx); err != nil {
		return false, err
	}
	player, err := newPlayer(ctx, home, scratch, o.times)
	if err != nil {
		return false, err
	}
	programs := o.scenarios
	if programs == "" {
		programs = filepath.Join(scratch, "programs")
		if err := oracle.generate(ctx, o, programs); err != nil {
			return false, err
		}
	}
	played, err := player.play(ctx, programs)
	if err != nil {
		return false, err
	}
	fmt.Println(played.summary(o))
	if len(played.failed) == 0 {
		return true, nil
	}
	if o.out == "" {
		o.out, err = os.MkdirTemp("", "conformance-found")
	} else {
		err = os.MkdirAll(o.out, 0o750)
	}
	if err != nil {
		return false, err
	}
	i := investigation{oracle: oracle, player: player, scratch: scratch, out: o.out, limit: o.shrink}
	return played.percent() >= o.floor, i.all(ctx, programs, played.failed)
}

const testPackage = "github.com/freshet-go/freshet/internal/conformance"

// packageDir returns the folder of the tests that play scenarios.
func packageDir(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-f", "{{.Dir}}", testPackage).Output()
	if err != nil {
		return "", fmt.Errorf("this works inside the repository only: go list: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}
