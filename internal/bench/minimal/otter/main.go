// Command otter is the smallest program that loads by otter.
package main

import (
	"context"
	"os"
	"time"

	"github.com/maypok86/otter/v2"
)

func main() {
	c, err := otter.New(&otter.Options[string, string]{
		ExpiryCalculator:  otter.ExpiryWriting[string, string](time.Hour),
		RefreshCalculator: otter.RefreshWriting[string, string](time.Minute),
	})
	if err != nil {
		os.Exit(1)
	}
	load := otter.LoaderFunc[string, string](func(context.Context, string) (string, error) { return "v", nil })
	if v, err := c.Get(context.Background(), "k", load); v != "v" || err != nil {
		os.Exit(1)
	}
}
