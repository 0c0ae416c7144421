// Command ristretto is the smallest program that loads by ristretto and
// singleflight.
package main

import (
	"os"
	"time"

	"github.com/dgraph-io/ristretto/v2"
	"golang.org/x/sync/singleflight"
)

func main() {
	c, err := ristretto.NewCache(&ristretto.Config[string, string]{NumCounters: 10_000, MaxCost: 1000, BufferItems: 64})
	if err != nil {
		os.Exit(1)
	}
	var loads singleflight.Group
	v, err, _ := loads.Do("k", func() (any, error) {
		c.SetWithTTL("k", "v", 1, time.Hour)
		return "v", nil
	})
	if v != "v" || err != nil {
		os.Exit(1)
	}
	c.Close()
}
