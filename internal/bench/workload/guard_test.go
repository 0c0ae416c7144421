package workload

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/internal/bench/contest"
	"github.com/freshet-go/freshet/internal/bench/measure"
)

// These tests hold what every benchmark relies on: a contestant that does no work
// is an error and not the winner.

// idler answers everything with nothing, or with something wrong.
type idler struct {
	v       contest.Val
	loaders int // calls of the loader per fetch
	load    func(context.Context, string) (contest.Val, error)
	length  int
}

func (d *idler) Fetch(ctx context.Context, _ int) (contest.Val, error) {
	for range d.loaders {
		if v, err := d.load(ctx, ""); err != nil || v == nil {
			return nil, err
		}
	}
	return d.v, nil
}

func (d *idler) FetchParts(context.Context, string, string, int) (contest.Val, error) {
	return d.v, nil
}

func (d *idler) Set(int, contest.Val) error                      { return nil }
func (d *idler) SetParts(string, string, int, contest.Val) error { return nil }
func (d *idler) Len() int                                        { return d.length }
func (d *idler) Close() error                                    { return nil }

func idle(d idler) contest.Spec {
	return contest.Spec{
		Name: "idler",
		NewCache: func(c contest.Config) (contest.Cache, error) {
			lazy := d
			lazy.load = c.Load
			return &lazy, nil
		},
		NewParts: func(contest.Config) (contest.PartsCache, error) { return &d, nil },
	}
}

// small runs a workload of one contestant, in a bubble, where waiting takes no
// time.
func small(t *testing.T, run func(Options, *measure.Results) error, s contest.Spec) (err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		err = run(Options{Size: Quick, Rounds: 1, Contestants: []contest.Spec{s}, Log: t.Logf}, measure.NewResults("quick"))
	})
	return err
}

func TestHits_wrongValueIsAnError(t *testing.T) {
	t.Parallel()
	require.ErrorContains(t, small(t, hits, idle(idler{v: new(contest.Payload)})), "idler did not do its work: 0 of")
}

func TestHits_partsWrongValueIsAnError(t *testing.T) {
	t.Parallel()
	s := idle(idler{})
	s.NewCache = nil
	require.ErrorContains(t, small(t, hits, s), "idler did not do its work: 0 of")
}

func TestCoalescing_noLoadIsAnError(t *testing.T) {
	t.Parallel()
	require.ErrorContains(t, small(t, coalescing, idle(idler{v: new(contest.Payload)})), "1 of 1 callers got a value, 0 loads")
}

func TestMisses_extraLoadIsAnError(t *testing.T) {
	t.Parallel()
	lazy := idle(idler{v: new(contest.Payload), loaders: 2, length: 60_000})
	require.ErrorContains(t, small(t, misses, lazy), "60000 of 60000 keys fetched by 120000 loads")
}

func TestMisses_forgottenEntryIsAnError(t *testing.T) {
	t.Parallel()
	lazy := idle(idler{v: new(contest.Payload), loaders: 1, length: 59_999})
	require.ErrorContains(t, small(t, misses, lazy), "kept 59999 of 60000 entries")
}

func TestMemory_forgottenEntryIsAnError(t *testing.T) {
	t.Parallel()
	require.ErrorContains(t, small(t, memory, idle(idler{length: 1})), "keeps 1 of 200000 entries")
}

// carelessTree invalidates everything or nothing.
type carelessTree struct {
	all   bool
	stale *bool
}

func (c carelessTree) Put(int, int, contest.Val) error { return nil }
func (c carelessTree) Fresh(int, int) bool             { return !*c.stale }
func (c carelessTree) Close() error                    { return nil }

func (c carelessTree) InvalidateTenant(int) error {
	*c.stale = c.all
	return nil
}

func TestInvalidation_missedOrWrongMatchIsAnError(t *testing.T) {
	t.Parallel()
	for all, want := range map[bool]string{
		false: "1000 entries fresh after, and 1000 of the neighbour's",
		true:  "0 entries fresh after, and 0 of the neighbour's",
	} {
		s := contest.Spec{Name: "tree", NewTree: func(int) (contest.Tree, error) { return carelessTree{all, new(bool)}, nil }}
		require.ErrorContains(t, small(t, invalidation, s), want)
	}
}

// repeater tells every observer twice.
type repeater struct{ floorNotifier }

func (r repeater) SetData(key int, v contest.Val) error {
	return errors.Join(r.floorNotifier.SetData(key, v), r.floorNotifier.SetData(key, v))
}

func TestNotifications_extraCallIsAnError(t *testing.T) {
	t.Parallel()
	s := contest.Spec{Name: "repeater", NewNotifier: func(keys int) (contest.Notifier, error) {
		return repeater{make(floorNotifier, keys)}, nil
	}}
	require.ErrorContains(t, small(t, notifications, s), "2 calls for 1 observers")
}

// copier loses the identity of elements.
type copier struct{}

func (copier) Prime([]*contest.Order) error                            { return nil }
func (copier) Replace(next []*contest.Order) ([]*contest.Order, error) { return next, nil }
func (copier) Close() error                                            { return nil }

func TestChanges_lostIdentityIsAnError(t *testing.T) {
	t.Parallel()
	s := contest.Spec{Name: "copier", NewSharer: func() (contest.Sharer, error) { return copier{}, nil }}
	require.ErrorContains(t, small(t, changes, s), "identity of element 0")
}

func TestExpiry_lostEntryIsAnError(t *testing.T) {
	t.Parallel()
	s := contest.Spec{Name: "sieve", NewExpiring: func(contest.Keys, time.Duration) (contest.Expiring, error) { return sieve{}, nil }}
	require.ErrorContains(t, small(t, expiry, s), "reads of lasting entries missed")
}

// sieve keeps nothing.
type sieve struct{ floorExpiring }

func (sieve) Get(int) (contest.Val, bool) { return nil, false }
