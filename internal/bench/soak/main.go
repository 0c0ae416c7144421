// Command soak keeps a client busy for a while, and sees that it leaves nothing behind.
//
//	go run ./internal/bench/soak                                        1M entries, 100k polled keys, 2 minutes
//	go run ./internal/bench/soak -entries 10000 -polled 1000 -for 5s    a short one
//
// Meanwhile entries are read, written and invalidated. Then the client is cleared.
// Keys and values are the program's own and there from the start. It exits with status 1
// unless the heap is back within 5 % of what it was then, and within 5 % of what was
// added to it (256 KiB are let pass), goroutines are what they were, and polls went on
// throughout.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	var s soak
	flag.IntVar(&s.entries, "entries", 1_000_000, "entries that nobody observes")
	flag.IntVar(&s.polled, "polled", 100_000, "keys that are polled")
	flag.DurationVar(&s.interval, "interval", 5*time.Second, "how often they are")
	flag.DurationVar(&s.lasting, "for", 2*time.Minute, "how long it goes on")
	flag.Parse()
	faults, err := s.run(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(2)
	}
	if len(faults) > 0 {
		fmt.Println("FAILED:", faults)
		os.Exit(1)
	}
	fmt.Println("ok")
}
