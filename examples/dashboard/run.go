package main

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/charmbracelet/x/term"
)

const (
	connectWithin = 10 * time.Second
	closeWithin   = 5 * time.Second
)

// console is where the dashboard shows itself.
type console struct {
	in       io.Reader
	out      io.Writer
	terminal bool
	environ  []string
	// width and height stand in for the size of a terminal that cannot be asked;
	// zero asks.
	width, height int
}

// standardConsole is the process's own.
func standardConsole() console {
	return console{
		in: os.Stdin, out: os.Stdout, environ: os.Environ(),
		terminal: term.IsTerminal(os.Stdin.Fd()) && term.IsTerminal(os.Stdout.Fd()),
	}
}

// run shows a dashboard until ctx is done, the user quits or its time is up, and
// prints what it took. Only a failure to begin or to print is an error.
func run(ctx context.Context, o options, c console) error {
	b, err := openBackend(o)
	if err != nil {
		return err
	}
	return runOn(ctx, b, o, c)
}

// runOn is run with a backend, which it closes.
func runOn(ctx context.Context, b *backend, o options, c console) (err error) {
	clk := clock.New()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if o.length > 0 {
		timer := clk.AfterFunc(o.length, cancel)
		defer timer.Stop()
	}
	s, err := newSession(b, clk, o.switches)
	if err != nil {
		return errors.Join(err, b.close(ctx))
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeWithin)
		defer cancel()
		err = errors.Join(err, s.close(ctx))
	}()
	stop := s.watch()
	defer stop()
	first, done := context.WithTimeout(ctx, connectWithin)
	err = s.connect(first)
	done()
	if err != nil && ctx.Err() == nil {
		return err
	}
	if c.terminal && !o.lines {
		err = showScreen(ctx, s, o, c)
	} else {
		err = printLines(ctx, s, o, c.out)
	}
	if err != nil {
		return err
	}
	_, err = io.WriteString(c.out, s.summary().String())
	return err
}
