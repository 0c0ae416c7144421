package workload

import (
	"context"
	"time"

	"github.com/freshet-go/freshet/internal/bench/contest"
)

// Floor is the contestant that does no work: what the harness itself costs.
func Floor() contest.Spec {
	return contest.Spec{
		Name:        floor,
		Note:        "the cost of the harness",
		NewCache:    func(c contest.Config) (contest.Cache, error) { return &floorCache{}, nil },
		NewParts:    func(c contest.Config) (contest.PartsCache, error) { return &floorCache{}, nil },
		NewNotifier: func(keys int) (contest.Notifier, error) { return make(floorNotifier, keys), nil },
		NewPoller:   func(time.Duration, int, func(int)) (contest.Poller, error) { return floorPoller{}, nil },
		NewExpiring: func(contest.Keys, time.Duration) (contest.Expiring, error) { return floorExpiring{}, nil },
		Minimal:     "floor",
	}
}

// floorCache knows the values by index.
type floorCache struct{ values []contest.Val }

func (f *floorCache) Fetch(_ context.Context, i int) (contest.Val, error) { return f.values[i], nil }

func (f *floorCache) FetchParts(_ context.Context, _, _ string, id int) (contest.Val, error) {
	return f.values[id], nil
}

func (f *floorCache) Set(_ int, v contest.Val) error {
	f.values = append(f.values, v)
	return nil
}

func (f *floorCache) SetParts(_, _ string, id int, v contest.Val) error { return f.Set(id, v) }
func (f *floorCache) Len() int                                          { return len(f.values) }
func (f *floorCache) Close() error                                      { return nil }

// floorNotifier loops over calls.
type floorNotifier [][]func(contest.Val)

func (f floorNotifier) Observe(key int, g func(contest.Val)) error {
	f[key] = append(f[key], g)
	return nil
}

func (f floorNotifier) SetData(key int, v contest.Val) error {
	for _, g := range f[key] {
		g(v)
	}
	return nil
}

func (f floorNotifier) Close() error { return nil }

// floorPoller polls nothing.
type floorPoller struct{}

func (floorPoller) Start(int) error { return nil }
func (floorPoller) Stop() error     { return nil }

// floorExpiring holds nothing: what is left is the reader.
type floorExpiring struct{}

func (floorExpiring) Set(int, contest.Val, time.Duration) error { return nil }
func (floorExpiring) Get(int) (contest.Val, bool)               { return nil, true }
func (floorExpiring) Len() int                                  { return 0 }
func (floorExpiring) Close() error                              { return nil }
