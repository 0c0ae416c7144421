package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// oracle runs query-core in Node. dir holds its programs.
type oracle struct{ dir string }

// install fetches query-core if that has not been done.
func (o oracle) install(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(o.dir, "node_modules")); err == nil {
		return nil
	}
	npm := exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund", "--loglevel=error")
	npm.Dir, npm.Stdout, npm.Stderr = o.dir, os.Stderr, os.Stderr
	return npm.Run()
}

// generate writes random programs with their traces to the folder out.
func (o oracle) generate(ctx context.Context, opts options, out string) error {
	node := exec.CommandContext(ctx, "node", filepath.Join(o.dir, "gen.mjs"), "--out", out,
		"--seed", strconv.Itoa(opts.seed), "--count", strconv.Itoa(opts.count), "--steps", opts.steps)
	node.Stderr = os.Stderr
	return node.Run()
}

// record copies the scenarios of a folder to another one, with their traces. It
// leaves out those that query-core fails on, and those whose trace depends on
// the order of events within a millisecond.
func (o oracle) record(ctx context.Context, in, out string) error {
	if err := os.MkdirAll(out, 0o750); err != nil {
		return err
	}
	node := exec.CommandContext(ctx, "node", filepath.Join(o.dir, "oracle.mjs"), in, "--out", out, "--quiet")
	var complaints bytes.Buffer
	node.Stderr = &complaints
	err := node.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 1 && bytes.HasPrefix(complaints.Bytes(), []byte(in)) {
		return nil // status 1 is also that of a scenario left out, named by its file
	}
	if err != nil {
		return fmt.Errorf("the oracle failed: %w\n%s", err, complaints.Bytes())
	}
	return nil
}
