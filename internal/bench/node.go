package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/freshet-go/freshet/internal/bench/contest"
	"github.com/freshet-go/freshet/internal/bench/measure"
)

// node runs the contestants that live in Node.
type node struct {
	dir    string // with the scripts
	mode   string
	rounds int
}

// ready reports what is missing.
func (n node) ready() error {
	if _, err := exec.LookPath("node"); err != nil {
		return fmt.Errorf("bench: TanStack Query and SWR need Node: %w", err)
	}
	if _, err := os.Stat(filepath.Join(n.dir, "node_modules")); err != nil {
		return fmt.Errorf("bench: run npm ci in %s first: %w", n.dir, err)
	}
	return nil
}

// run lets them do a workload, if they can, and adds their figures to r.
func (n node) run(ctx context.Context, workload string, r *measure.Results) (err error) {
	script := strings.ToLower(workload) + ".mjs"
	if _, err := os.Stat(filepath.Join(n.dir, script)); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	scratch, err := os.MkdirTemp("", "freshet-bench")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	out := filepath.Join(scratch, "rows.json")
	c := exec.CommandContext(ctx, "node", "--expose-gc", "--max-old-space-size=8192", "--max-semi-space-size=64", script)
	c.Dir, c.Stdout, c.Stderr = n.dir, os.Stderr, os.Stderr
	c.Env = append(os.Environ(), "NODE_ENV=production", "OUT="+out, "MODE="+n.mode, fmt.Sprintf("ROUNDS=%d", n.rounds))
	for variable, changed := range map[string]int{"ORDERS_SAME": -1, "ORDERS_CHANGED": 500} {
		body, err := contest.Encode(contest.Orders(1000, changed))
		if err != nil {
			return err
		}
		path := filepath.Join(scratch, variable+".json")
		if err := os.WriteFile(path, body, 0o600); err != nil {
			return err
		}
		c.Env = append(c.Env, variable+"="+path)
	}
	if err := c.Run(); err != nil {
		return fmt.Errorf("bench: %s in Node: %w", workload, err)
	}
	return r.Merge(out)
}
