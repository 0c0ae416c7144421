package persist

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/freshet-go/freshet/query"
)

// Outcome says what became of a stored snapshot.
type Outcome string

// The outcomes of Restore. A snapshot that is expired, busted or malformed is
// removed from the store.
const (
	OutcomeAbsent    Outcome = "absent"    // there was none
	OutcomeRestored  Outcome = "restored"  // it is in the cache
	OutcomeExpired   Outcome = "expired"   // it was older than Options.MaxAge
	OutcomeBusted    Outcome = "busted"    // its Buster was another one
	OutcomeMalformed Outcome = "malformed" // see Restored.Err
)

// Restored says what Restore found.
type Restored struct {
	Outcome Outcome
	// Timestamp is when the snapshot was taken, zero if that is not known.
	Timestamp time.Time
	// Queries and Mutations are how many came into the cache. Of queries those count
	// that were older than what was there.
	Queries, Mutations int
	// Err is what is wrong with a malformed snapshot. It matches ErrMalformed or
	// ErrTooLarge.
	Err error
}

// Restore puts what the store holds into the client. It returns when that is
// done: what is fetched before that is fetched in vain. Data are as old as they
// are, and mutations wait for Client.ResumePausedMutations with the functions that
// Client.SetMutationDefaults gave their keys before. An error is that of the
// store, of ctx or of a closed client; the store is left alone then.
func Restore(ctx context.Context, c *query.Client, s Store, o Options) (Restored, error) {
	var r *Record
	err := guard(func() (err error) {
		r, err = s.Load(ctx)
		return err
	})
	switch {
	case errors.Is(err, ErrAbsent), err == nil && r == nil:
		return Restored{Outcome: OutcomeAbsent}, nil
	case unusable(err):
		return discard(ctx, s, o, Restored{Outcome: OutcomeMalformed, Err: err})
	case err != nil:
		return Restored{}, fmt.Errorf("persist: restore: %w", err)
	}
	found := Restored{Timestamp: r.Timestamp}
	switch {
	case r.ClientState == nil || r.Timestamp.IsZero():
		found.Outcome, found.Err = OutcomeMalformed, &recordError{"it is not complete", nil}
	case c.Now().Sub(r.Timestamp) > o.maxAge():
		found.Outcome = OutcomeExpired
	case r.Buster != o.Buster:
		found.Outcome = OutcomeBusted
	default:
		return hydrate(ctx, c, s, o, r)
	}
	return discard(ctx, s, o, found)
}

func hydrate(ctx context.Context, c *query.Client, s Store, o Options, r *Record) (Restored, error) {
	if ctx.Err() != nil {
		return Restored{}, fmt.Errorf("persist: restore: %w", context.Cause(ctx))
	}
	err := c.Hydrate(r.ClientState, o.Hydrate)
	switch {
	case errors.Is(err, query.ErrClosed):
		return Restored{}, fmt.Errorf("persist: restore: %w", err)
	case err != nil:
		bad := &recordError{"its client state is not valid", err}
		return discard(ctx, s, o, Restored{Outcome: OutcomeMalformed, Timestamp: r.Timestamp, Err: bad})
	}
	return Restored{
		Outcome: OutcomeRestored, Timestamp: r.Timestamp,
		Queries: len(r.ClientState.Queries), Mutations: len(r.ClientState.Mutations),
	}, nil
}

// discard removes a snapshot that is of no use.
func discard(ctx context.Context, s Store, o Options, found Restored) (Restored, error) {
	o.report(found.Err)
	if err := guard(func() error { return s.Remove(ctx) }); err != nil {
		return found, fmt.Errorf("persist: remove a snapshot that is %s: %w", found.Outcome, err)
	}
	return found, nil
}
