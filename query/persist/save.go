package persist

import (
	"context"
	"fmt"
	"slices"

	"github.com/freshet-go/freshet/query"
)

// Save stores a snapshot of the client. Of a client that is closed nothing is
// saved, with an error that matches query.ErrClosed: it has lost the mutations
// that waited. Other errors are those of the store, after Options.Retry gave up,
// of encoding or of ctx.
func Save(ctx context.Context, c *query.Client, s Store, o Options) error {
	snapshot, err := c.Dehydrate(o.Dehydrate)
	if err == nil && c.Closed() {
		err = query.ErrClosed
	}
	if err != nil {
		return fmt.Errorf("persist: save: %w", err)
	}
	r := &Record{Version: RecordVersion, Timestamp: c.Now().Round(0), Buster: o.Buster, ClientState: snapshot}
	for failed := 1; ; failed++ {
		err := guard(func() error { return s.Save(ctx, r) })
		if err == nil {
			return nil
		}
		if r = o.again(ctx, FailedSave{Record: r, Err: err, Failures: failed}); r == nil {
			return fmt.Errorf("persist: save: %w", err)
		}
	}
}

// again asks what to save instead, nil if nothing.
func (o Options) again(ctx context.Context, f FailedSave) (next *Record) {
	if o.Retry == nil || ctx.Err() != nil {
		return nil
	}
	err := guard(func() error {
		next = o.Retry(f)
		return nil
	})
	o.report(err)
	return next
}

// FailedSave is what Options.Retry is told.
type FailedSave struct {
	// Record is what could not be saved. It must not be changed.
	Record *Record
	// Err is the error of the store.
	Err error
	// Failures is how often this save has failed so far, at least once.
	Failures int
}

// RemoveOldest is for Options.Retry, for stores that have no room: it returns the
// record without the query whose data are the oldest, or nil if there are no
// queries. Mutations stay.
func RemoveOldest(f FailedSave) *Record {
	queries := f.Record.ClientState.Queries
	if len(queries) == 0 {
		return nil
	}
	oldest := 0
	for i, q := range queries {
		if q.DataUpdatedAt.Before(queries[oldest].DataUpdatedAt) {
			oldest = i
		}
	}
	state, smaller := *f.Record.ClientState, *f.Record
	state.Queries = slices.Delete(slices.Clone(queries), oldest, oldest+1)
	smaller.ClientState = &state
	return &smaller
}
