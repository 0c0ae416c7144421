// Command floor is what any program with a cache links: the size to compare with.
package main

import (
	"context"
	"os"
	"sync"
	"time"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	var m sync.Map
	m.Store("k", ctx)
	if _, ok := m.Load("k"); !ok {
		os.Exit(1)
	}
}
