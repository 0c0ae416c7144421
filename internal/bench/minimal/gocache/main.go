// Command gocache is the smallest program that loads by go-cache and singleflight.
package main

import (
	"os"
	"time"

	"github.com/patrickmn/go-cache"
	"golang.org/x/sync/singleflight"
)

func main() {
	c := cache.New(time.Hour, time.Minute)
	var loads singleflight.Group
	v, err, _ := loads.Do("k", func() (any, error) {
		c.Set("k", "v", cache.DefaultExpiration)
		return "v", nil
	})
	if v != "v" || err != nil {
		os.Exit(1)
	}
}
