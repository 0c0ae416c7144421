package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
)

func main() {
	only := flag.String("run", "", "try only the behaviours that this `regexp` matches")
	short := flag.Bool("short", false, "run the tests with -short")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Stdout, *only, *short)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

// run works on the module in the current directory.
func run(ctx context.Context, out io.Writer, only string, short bool) (err error) {
	text, err := os.ReadFile(filepath.FromSlash("internal/mutants/mutants.txt"))
	if err != nil {
		return err
	}
	table, err := parse(string(text))
	if err != nil {
		return err
	}
	chosen, err := choose(table, only)
	if err != nil {
		return err
	}
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	l := &lab{root: root, scratch: scratch, short: short, out: out}
	return l.tryAll(ctx, chosen)
}

// choose returns the mutants whose behaviour matches; no mutant is an error.
func choose(table []mutant, pattern string) ([]mutant, error) {
	match, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	var chosen []mutant
	for _, m := range table {
		if match.MatchString(m.behaviour) {
			chosen = append(chosen, m)
		}
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("no behaviour matches %q", pattern)
	}
	return chosen, nil
}
