package persist

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

// Selection chooses stored queries. The zero Selection chooses all.
type Selection struct {
	// Key chooses the keys that begin with it; see querykey.Key.Matches.
	Key querykey.Key
	// Exact chooses only Key itself. It is ignored if Key is empty.
	Exact bool
}

func (s Selection) chooses(key querykey.Key) bool {
	if s.Exact && s.Key.Len() > 0 {
		return key == s.Key
	}
	return key.Matches(s.Key)
}

// exactly returns the only key that s chooses.
func (s Selection) exactly() (querykey.Key, bool) { return s.Key, s.Exact && s.Key.Len() > 0 }

// GC removes what is stored but too old, of another version, or malformed. It
// looks at everything, and fails with ErrNotListed if the storage is no Lister.
// Otherwise the error joins those of the storage; what is malformed is none.
func (p *Persister) GC(ctx context.Context) error {
	return p.each(ctx, "gc", func(query.QuerySnapshot) error { return nil })
}

// RestoreQueries puts stored data into the cache, with their age. Data that are
// newer there stay. They need no query before, and stay encoded until one uses
// them. Whatever comes by of what is too old, of another version, or malformed is
// removed. A single key can be restored from any Storage; for more it has to be a
// Lister, else the error is ErrNotListed.
func (p *Persister) RestoreQueries(ctx context.Context, s Selection) error {
	into := func(q query.QuerySnapshot) error {
		if !s.chooses(q.Key) {
			return nil
		}
		one := &query.Snapshot{Version: query.SnapshotVersion, Queries: []query.QuerySnapshot{q}}
		return p.client.Hydrate(one, query.HydrateOptions{})
	}
	key, single := s.exactly()
	if !single {
		return p.each(ctx, "restore", into)
	}
	q, err := p.load(ctx, key)
	if err == nil {
		err = into(q)
	}
	if err != nil && !errors.Is(err, ErrAbsent) {
		return fmt.Errorf("persist: restore %s: %w", key, err)
	}
	return nil
}

// RemoveQueries removes stored data, and not what is in the cache. A single key
// can be removed from any Storage; for more it has to be a Lister, else the error
// is ErrNotListed.
func (p *Persister) RemoveQueries(ctx context.Context, s Selection) error {
	key, single := s.exactly()
	if !single {
		return p.each(ctx, "remove", func(q query.QuerySnapshot) error {
			if !s.chooses(q.Key) {
				return nil
			}
			return p.storage.Remove(ctx, p.name(q.Key))
		})
	}
	if err := guard(func() error { return p.storage.Remove(ctx, p.name(key)) }); err != nil {
		return fmt.Errorf("persist: remove %s: %w", key, err)
	}
	return nil
}

// each calls f with everything that is stored, and removes what is of no use.
func (p *Persister) each(ctx context.Context, what string, f func(query.QuerySnapshot) error) error {
	list, ok := p.storage.(Lister)
	if !ok {
		return fmt.Errorf("persist: %s: %w", what, ErrNotListed)
	}
	var failed []error
	err := guard(func() error {
		for item, err := range list.Entries(ctx) {
			switch {
			case unusable(err):
				p.report(err)
			case err != nil:
				return err
			case strings.HasPrefix(item.Key, p.o.prefix()):
				err := p.visit(ctx, item, f)
				if errors.Is(err, query.ErrClosed) {
					return err
				}
				failed = append(failed, err)
			}
		}
		return context.Cause(ctx)
	})
	if err = errors.Join(append(failed, err)...); err != nil {
		return fmt.Errorf("persist: %s: %w", what, err)
	}
	return nil
}

// visit calls f with an item, or removes it.
func (p *Persister) visit(ctx context.Context, item Item, f func(query.QuerySnapshot) error) error {
	q, err := p.parse(item.Value)
	if err == nil && p.name(q.Key) != item.Key {
		err = &recordError{"it belongs to another key", nil}
	}
	if err == nil {
		return f(q)
	}
	p.report(err)
	return p.storage.Remove(ctx, item.Key)
}
