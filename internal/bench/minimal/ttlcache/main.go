// Command ttlcache is the smallest program that loads by ttlcache.
package main

import (
	"os"
	"time"

	"github.com/jellydator/ttlcache/v3"
)

func main() {
	load := ttlcache.LoaderFunc[string, string](func(c *ttlcache.Cache[string, string], k string) *ttlcache.Item[string, string] {
		return c.Set(k, "v", ttlcache.DefaultTTL)
	})
	c := ttlcache.New(
		ttlcache.WithTTL[string, string](time.Hour),
		ttlcache.WithLoader(ttlcache.NewSuppressedLoader(load, nil)),
	)
	go c.Start()
	if c.Get("k").Value() != "v" {
		os.Exit(1)
	}
	c.Stop()
}
