// Command dashboard keeps every page of a marketplace seller's dashboard live
// over HTTP: sales, pending orders, one order in detail, payouts, and the
// overview composed of them. It needs nothing but Go.
//
//	go run ./examples/dashboard               a terminal UI, against a server of its own
//	go run ./examples/dashboard -for 30s | cat  one line per change, then a summary
//	go run ./examples/dashboard -url https://shop.example/trpc -token …
//
// The shop behind it is made up and changes by itself, unless -url names a real
// one. In the terminal UI, press ? for what can be tried: cutting the network,
// hiding the program, confirming an order, asking why something is not updating.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o, err := parseOptions(os.Args[1:], os.Getenv("FRESHET_TOKEN"), os.Stderr)
	if err == nil {
		err = run(ctx, o, standardConsole())
	}
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "dashboard:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop has run
	}
}
