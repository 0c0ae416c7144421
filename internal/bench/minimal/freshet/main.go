// Command freshet is the smallest program that fetches by Freshet.
package main

import (
	"context"
	"os"
	"time"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

func main() {
	ctx := context.Background()
	c, err := query.New(query.Config{})
	if err != nil {
		os.Exit(1)
	}
	v, err := query.Fetch(ctx, c, query.Query[string]{
		Key:    querykey.Of("k"),
		Fetch:  func(context.Context) (string, error) { return "v", nil },
		Policy: query.Policy{StaleTime: query.StaleAfter(time.Minute), GCTime: query.GCAfter(time.Hour)},
	})
	if v != "v" || err != nil || c.Close(ctx) != nil {
		os.Exit(1)
	}
}
