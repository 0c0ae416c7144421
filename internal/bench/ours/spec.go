// Package ours holds Freshet as a contestant. It uses the public API alone, as its
// users would write it, and nothing here exists for the benchmarks' sake.
package ours

import (
	"context"
	"errors"
	"time"

	"github.com/freshet-go/freshet/internal/bench/contest"
	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

// Name is how Freshet is called in results.
const Name = "freshet"

// CallName is Freshet with string keys that are made in each call, and FamilyName
// is Freshet through a definition made once for a family of keys.
const (
	CallName   = "freshet, key made in the call"
	FamilyName = "freshet, family"
)

// All returns Freshet in its variants.
func All() []contest.Spec {
	return []contest.Spec{
		{
			Name: Name,
			Note: "package query, real clock, full semantics. String keys are made beforehand, keys of parts in each call; the " +
				"fetch function is a default of the key prefix, so that it is made once.",
			NewCache:    newCache,
			NewParts:    newParts,
			NewTree:     newTree,
			NewPoller:   newPoller,
			NewNotifier: newNotifier,
			NewExpiring: newExpiring,
			NewSharer:   newSharer,
			NewRaw:      newRaw,
			Cold:        cold,
			Minimal:     "freshet",
		},
		{
			Name:     FamilyName,
			Note:     "query.Family: string keys and keys of parts through a definition made once",
			NewCache: newByText,
			NewParts: newFamily,
		},
		{
			Name:     CallName,
			Note:     "what a string key costs that was not made beforehand",
			NewCache: newCallCache,
		},
	}
}

// client is a query.Client whose queries are of contest.Val.
type client struct {
	*query.Client

	policy query.Policy
}

func newClient(policy query.Policy, fetch func(context.Context, query.FetchInfo) (any, error)) (client, error) {
	return newBounded(policy, 0, fetch)
}

// newBounded is newClient with so many entries at most, if it is not zero.
func newBounded(policy query.Policy, most int64, fetch func(context.Context, query.FetchInfo) (any, error)) (client, error) {
	c, err := query.New(query.Config{Defaults: query.Defaults{Fetch: fetch}, Limit: query.Limit{Max: most}})
	return client{c, policy}, err
}

// keeping is the policy for a cache of the given times.
func keeping(c contest.Config) query.Policy {
	return query.Policy{StaleTime: query.StaleAfter(c.Stale), GCTime: query.GCAfter(c.GC)}
}

// query returns the query under k.
func (c client) query(k querykey.Key) query.Query[contest.Val] {
	return query.Query[contest.Val]{Key: k, Policy: c.policy}
}

func (c client) Len() int { return len(c.Entries(query.Filter{})) }

func (c client) Close() error { return c.Client.Close(context.Background()) }

func cold() error {
	c, err := newClient(query.Policy{}, nil)
	if err != nil {
		return err
	}
	_, err = query.Fetch(context.Background(), c.Client, query.Query[contest.Val]{
		Key:    querykey.Of("k"),
		Fetch:  func(context.Context) (contest.Val, error) { return new(contest.Payload), nil },
		Policy: query.Policy{StaleTime: query.StaleAfter(time.Minute), GCTime: query.GCAfter(time.Hour)},
	})
	return errors.Join(err, c.Close())
}
