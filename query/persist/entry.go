package persist

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

// queryRecord is what a Storage holds of a query.
type queryRecord struct {
	Version int                 `json:"version"`
	Buster  string              `json:"buster,omitempty"`
	Query   query.QuerySnapshot `json:"query"`
}

// name is the key in the storage.
func (p *Persister) name(key querykey.Key) string { return p.o.prefix() + key.String() }

// Save saves the entry under key now, whatever the filter says, and returns when
// that is done. Nothing happens if there is no entry or it has no data.
func (p *Persister) Save(ctx context.Context, key querykey.Key) error {
	found := p.client.Entries(query.Filter{Key: key, Exact: true})
	if key.Len() == 0 || len(found) == 0 {
		return nil
	}
	q, err := p.client.DehydrateEntry(found[0])
	if err != nil {
		return fmt.Errorf("persist: save %s: %w", key, &encodeError{err})
	}
	if len(q.Data) == 0 {
		return nil
	}
	plain, err := json.Marshal(queryRecord{RecordVersion, p.o.Buster, succeeded(q)})
	if err != nil {
		return fmt.Errorf("persist: save %s: %w", key, &encodeError{err})
	}
	stored, err := p.o.Codec.encode(plain)
	if err == nil {
		err = guard(func() error { return p.storage.Set(ctx, p.name(key), stored) })
	}
	if err != nil {
		return fmt.Errorf("persist: save %s: %w", key, err)
	}
	return nil
}

// succeeded is what is kept of q: data and their age, no errors.
func succeeded(q query.QuerySnapshot) query.QuerySnapshot {
	return query.QuerySnapshot{
		Key: q.Key, DehydratedAt: q.DehydratedAt, Infinite: q.Infinite, Meta: q.Meta,
		Status: query.StatusSuccess, FetchStatus: query.FetchIdle,
		Data: q.Data, DataUpdatedAt: q.DataUpdatedAt, DataUpdateCount: 1,
	}
}

// Stored is what Retrieve found.
type Stored[T any] struct {
	Data T
	// UpdatedAt is when the data were fetched or written, not later than now.
	UpdatedAt time.Time
}

// Retrieve returns the data that are stored under key. It leaves the cache alone.
// Data that are too old, of another version, or malformed are removed. The error
// matches ErrAbsent if there are none or were the first two, ErrMalformed or
// ErrTooLarge if they were the last, and else is that of the storage.
func Retrieve[T any](ctx context.Context, p *Persister, key querykey.Key) (Stored[T], error) {
	q, err := p.load(ctx, key)
	found := Stored[T]{UpdatedAt: q.DataUpdatedAt}
	if err == nil {
		err = guard(func() error { return json.Unmarshal(q.Data, &found.Data) })
		if err != nil {
			err = p.drop(ctx, p.name(key), &recordError{"its data do not fit the type", err})
		}
	}
	if err != nil {
		return Stored[T]{}, fmt.Errorf("persist: restore %s: %w", key, err)
	}
	return found, nil
}

// load returns what is stored under key.
func (p *Persister) load(ctx context.Context, key querykey.Key) (q query.QuerySnapshot, err error) {
	var stored []byte
	err = guard(func() error {
		stored, err = p.storage.Get(ctx, p.name(key))
		return err
	})
	if err == nil {
		q, err = p.parse(stored)
		if err == nil && q.Key != key {
			err = &recordError{"it belongs to another key", nil}
		}
		if errors.Is(err, ErrAbsent) {
			return q, p.drop(ctx, p.name(key), err)
		}
	}
	if unusable(err) {
		err = p.drop(ctx, p.name(key), err)
	}
	return q, err
}

// drop removes what is of no use and returns why.
func (p *Persister) drop(ctx context.Context, name string, why error) error {
	if err := guard(func() error { return p.storage.Remove(ctx, name) }); err != nil {
		return errors.Join(why, err)
	}
	return why
}

// parse reads what Save stored. The error matches ErrAbsent if it is too old or of
// another version of the program, else ErrMalformed.
func (p *Persister) parse(stored []byte) (query.QuerySnapshot, error) {
	plain, err := p.o.Codec.decode(stored)
	if err != nil {
		return query.QuerySnapshot{}, err
	}
	r, err := parseQueryRecord(plain)
	if err != nil {
		return query.QuerySnapshot{}, err
	}
	q, now := succeeded(r.Query), p.client.Now()
	if r.Buster != p.o.Buster || now.Sub(q.DataUpdatedAt) > p.o.maxAge() {
		return query.QuerySnapshot{}, ErrAbsent
	}
	if q.DataUpdatedAt.After(now) { // the clock was set back; data from the future never get stale
		q.DataUpdatedAt = now
	}
	return q, nil
}

func parseQueryRecord(plain []byte) (r queryRecord, err error) {
	if err := json.Unmarshal(plain, &r); err != nil {
		return r, &recordError{"it is not the JSON of a record", err}
	}
	switch {
	case r.Version != RecordVersion:
		return r, &recordError{fmt.Sprintf("it has version %d, not %d", r.Version, RecordVersion), nil}
	case r.Query.Key.Len() == 0:
		return r, &recordError{"it has no key", nil}
	case len(r.Query.Data) == 0:
		return r, &recordError{"it has no data", nil}
	case r.Query.DataUpdatedAt.IsZero():
		return r, &recordError{"it has no age", nil}
	}
	return r, nil
}
