// Command theine is the smallest program that loads by theine.
package main

import (
	"context"
	"os"
	"time"

	"github.com/Yiling-J/theine-go"
)

func main() {
	load := func(context.Context, string) (theine.Loaded[string], error) {
		return theine.Loaded[string]{Value: "v", Cost: 1, TTL: time.Hour}, nil
	}
	c, err := theine.NewBuilder[string, string](1000).BuildWithLoader(load)
	if err != nil {
		os.Exit(1)
	}
	if v, err := c.Get(context.Background(), "k"); v != "v" || err != nil {
		os.Exit(1)
	}
	c.Close()
}
