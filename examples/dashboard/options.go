package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"time"
)

// options are what the command line asks for.
type options struct {
	url    string        // base of a tRPC server; empty starts one
	token  string        // for url
	length time.Duration // zero runs until interrupted
	page   page          // shown first, or the only one to print
	paged  bool          // page was given
	lines  bool          // print lines even in a terminal

	switches switches
}

// parseOptions reads the command line; token stands in for a missing -token. For
// -h it prints the usage and returns flag.ErrHelp.
func parseOptions(args []string, token string, stderr io.Writer) (options, error) {
	o := options{}
	flags := flag.NewFlagSet("dashboard", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // the error says it once
	flags.StringVar(&o.url, "url", "", "base `URL` of a tRPC server, such as https://shop.example/trpc (default a made-up shop on loopback)")
	flags.StringVar(&o.token, "token", "", "bearer `token` for -url (default $FRESHET_TOKEN)")
	flags.DurationVar(&o.length, "for", 0, "end by itself after this `duration` (default never)")
	flags.BoolVar(&o.lines, "pipe", false, "print lines even in a terminal")
	flags.BoolVar(&o.switches.push, "push", false, "let the server tell what changes, and poll once a minute only")
	flags.BoolVar(&o.switches.batch, "batch", true, "let calls that start together share a request")
	flags.BoolVar(&o.switches.selective, "selective", false, "decode only what has changed")
	flags.BoolVar(&o.switches.adaptive, "adaptive", false, "let intervals follow the server and the data")
	flags.Func("page", "`page` to show first, by number or name; with lines, the only one to print", func(text string) (err error) {
		o.page, err = parsePage(text)
		o.paged = true
		return err
	})
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		flags.SetOutput(stderr)
		flags.Usage()
	}
	if err != nil {
		return options{}, err
	}
	if flags.NArg() > 0 {
		return options{}, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if o.length < 0 {
		return options{}, errors.New("-for must not be negative")
	}
	if o.token == "" {
		o.token = token
	}
	return o, o.checkURL()
}

func (o options) checkURL() error {
	if o.url == "" {
		return nil
	}
	u, err := url.Parse(o.url)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return errors.New("-url must be the http or https address of a tRPC server")
	}
	return nil
}
