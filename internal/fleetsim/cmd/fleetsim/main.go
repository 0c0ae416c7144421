// Command fleetsim compares what fleets of sellers ask of a server by several plans:
//
//	go run ./internal/fleetsim/cmd/fleetsim -n 1000000 -md query/SCALE.md -svg query/scale.svg
//
// It prints a table; -json, -md and -svg write files, too.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/freshet-go/freshet/internal/fleetsim"
)

func main() {
	switch err := run(os.Args[1:], os.Stdout, os.Stderr); {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

// files are where the results go, besides the table; empty for nowhere.
type files struct{ json, md, svg string }

func run(args []string, out, messages io.Writer) error {
	cfg := fleetsim.Default(10_000)
	var to files
	names := flag.NewFlagSet("fleetsim", flag.ContinueOnError)
	names.SetOutput(messages)
	names.IntVar(&cfg.Sellers, "n", cfg.Sellers, "how many `sellers`")
	names.Uint64Var(&cfg.Seed, "seed", cfg.Seed, "of all chance")
	names.IntVar(&cfg.Cores, "cores", 0, "to play on; 0 is all")
	names.Float64Var(&cfg.Changes, "changes", cfg.Changes, "how many things change an hour, for each seller")
	names.Float64Var(&cfg.Headroom, "headroom", cfg.Headroom, "how much more work the server can do than the naive plan makes")
	names.DurationVar(&cfg.Steady, "steady", cfg.Steady, "how long to measure the quiet")
	names.DurationVar(&cfg.Outage, "outage", cfg.Outage, "how long the server is down, and the network cut")
	names.DurationVar(&cfg.Recovery, "recovery", cfg.Recovery, "how long to watch after an outage")
	plans := names.String("plans", "all", "which `plans`, separated by commas")
	names.StringVar(&to.json, "json", "", "`file` for all figures")
	names.StringVar(&to.md, "md", "", "`file` whose marked part becomes the table")
	names.StringVar(&to.svg, "svg", "", "`file` for a plot, which also takes runs with fewer sellers")
	if err := names.Parse(args); err != nil {
		return err
	}
	if names.NArg() > 0 {
		return fmt.Errorf("fleetsim: unexpected argument %q", names.Arg(0))
	}
	chosen, err := choose(*plans)
	if err != nil {
		return err
	}
	results, err := fleetsim.Compare(cfg, chosen)
	if err != nil {
		return err
	}
	fmt.Fprint(out, fleetsim.Table(results)) //nolint:errcheck // nobody to tell
	return write(cfg, chosen, results, to)
}

func choose(names string) ([]fleetsim.Plan, error) {
	all := fleetsim.Plans()
	if names == "all" {
		return all, nil
	}
	var chosen []fleetsim.Plan
	for name := range strings.SplitSeq(names, ",") {
		i := slices.IndexFunc(all, func(p fleetsim.Plan) bool { return p.Name == name })
		if i < 0 {
			known := make([]string, 0, len(all))
			for _, p := range all {
				known = append(known, p.Name)
			}
			return nil, fmt.Errorf("fleetsim: no plan %q; there are %s", name, strings.Join(known, ", "))
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

func write(cfg fleetsim.Config, plans []fleetsim.Plan, results []*fleetsim.Result, to files) error {
	if to.json != "" {
		text, err := json.MarshalIndent(results, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(to.json, append(text, '\n'), 0o644); err != nil {
			return err
		}
	}
	if to.md != "" {
		before, err := os.ReadFile(to.md)
		if err != nil {
			return err
		}
		after, err := fleetsim.Insert(string(before), fleetsim.Table(results))
		if err != nil {
			return err
		}
		if err := os.WriteFile(to.md, []byte(after), 0o644); err != nil {
			return err
		}
	}
	if to.svg == "" {
		return nil
	}
	sizes := [][]*fleetsim.Result{results}
	for _, part := range []int{100, 10_000} {
		smaller := cfg
		if smaller.Sellers /= part; smaller.Sellers == 0 {
			continue
		}
		few, err := fleetsim.Compare(smaller, plans)
		if err != nil {
			return err
		}
		sizes = slices.Insert(sizes, 0, few)
	}
	return os.WriteFile(to.svg, []byte(fleetsim.Plot(cfg, sizes)), 0o644)
}
