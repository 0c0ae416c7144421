// Command compare shows what push, batching, selective refetches and adaptive
// intervals save. One seller has five pages open twice: once each query is polled by
// itself, at the intervals of the plan, and once with everything on. Each has a real
// tRPC server on Node of its own; both servers have the same data, which change all
// the while. It needs Node 20 and npm.
//
//	go run ./examples/compare              five minutes
//	go run ./examples/compare -for 30s -least 5 -transport ws
//
// The servers count the requests. The age of what a page shows is the time since the
// server's data became different from it. The exit code is 1 if there were not that
// many times fewer requests, or if data were older than by the plan.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/freshet-go/freshet/query/trpc"
)

// options are what the command line asks for.
type options struct {
	length    time.Duration
	every     time.Duration // mean time between changes
	least     float64       // times fewer requests
	transport trpc.Transport
	seed      uint64
}

func parseOptions(args []string, stderr io.Writer) (options, error) {
	o := options{}
	flags := flag.NewFlagSet("compare", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.DurationVar(&o.length, "for", 5*time.Minute, "how long to watch")
	flags.DurationVar(&o.every, "every", 10*time.Second, "mean time between changes at the server")
	flags.Float64Var(&o.least, "least", 10, "how many times fewer requests are wanted")
	flags.Uint64Var(&o.seed, "seed", 1, "decides the moments of the changes")
	transport := flags.String("transport", "sse", "how events travel: sse or ws")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	switch *transport {
	case "sse":
	case "ws":
		o.transport = trpc.WebSocket
	default:
		return options{}, fmt.Errorf("no transport %q: there are sse and ws", *transport)
	}
	if o.length <= 0 || o.every <= 0 {
		return options{}, errors.New("-for and -every must be positive")
	}
	return o, nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o, err := parseOptions(os.Args[1:], os.Stderr)
	var r report
	if err == nil {
		r, err = run(ctx, o)
	}
	if err == nil {
		fmt.Print(r)
		err = r.verdict()
	}
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "compare:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop has run
	}
}

// run plays the same changes to both sides and reports what came of them.
func run(ctx context.Context, o options) (r report, err error) {
	clk := clock.New()
	var sides []*side
	defer func() {
		for _, s := range sides {
			err = errors.Join(err, s.close(context.WithoutCancel(ctx)))
		}
	}()
	for _, p := range []plan{naive, everything(o.transport)} {
		s, err := openSide(ctx, clk, p)
		if err != nil {
			return report{}, err
		}
		sides = append(sides, s)
	}
	story := newStory(o, clk, sides)
	if err := story.play(ctx); err != nil {
		return report{}, err
	}
	return newReport(ctx, o, story)
}
