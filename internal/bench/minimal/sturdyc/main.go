// Command sturdyc is the smallest program that fetches by sturdyc.
package main

import (
	"context"
	"os"
	"time"

	"github.com/viccon/sturdyc"
)

func main() {
	refreshes := sturdyc.WithEarlyRefreshes(time.Minute, time.Minute, time.Hour, time.Second)
	c := sturdyc.New[string](1000, 10, time.Hour, 10, refreshes)
	v, err := c.GetOrFetch(context.Background(), "k", func(context.Context) (string, error) { return "v", nil })
	if v != "v" || err != nil {
		os.Exit(1)
	}
}
