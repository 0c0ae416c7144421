package persist

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

// QueryOptions say what a Persister keeps, and for how long. The zero
// QueryOptions work.
type QueryOptions struct {
	// Prefix begins all keys in the storage, and ends with a hyphen there. Default:
	// "freshet".
	Prefix string
	// MaxAge is how old data may be to be restored. Default: 24 hours.
	MaxAge time.Duration
	// Buster is the version of the data. Data with another one are removed: change it
	// when their types change.
	Buster string
	// RefetchOnRestore says when data are fetched again, in the background, that were
	// restored by a fetch. Default: query.IfStale, which goes by what observers show:
	// what nobody observes is left to the next fetch.
	RefetchOnRestore query.RefetchMode
	// Filter chooses which of the wrapped queries are restored and saved. It is asked
	// when a fetch begins. What it says of refetching and cancelling does not count.
	Filter query.Filter
	// Codec changes what is stored.
	Codec Codec
	// OnError hears of what fails in the background: the storage, and data that are
	// malformed. It may be called concurrently. Nil is silence.
	OnError func(err error)
}

func (o QueryOptions) maxAge() time.Duration { return orDefault(o.MaxAge, 24*time.Hour) }

func (o QueryOptions) prefix() string {
	if o.Prefix == "" {
		return "freshet-"
	}
	return o.Prefix + "-"
}

// Persister keeps queries of a client in a Storage, each by itself. Give it
// queries with Wrap and WrapInfinite. All methods may be called concurrently.
type Persister struct {
	client  *query.Client
	storage Storage
	o       QueryOptions

	saving *worker
	deaf   func() // stops listening to the client

	mu    sync.Mutex // guards what follows
	known map[querykey.Key]wrapped
	dirty map[querykey.Key]bool
	lost  bool // events
}

// wrapped is what a Persister knows of an entry that a wrapped query has fetched.
type wrapped struct {
	id     uint64 // of the entry
	tried  bool   // to restore it
	coming int    // fetches, or pages of them, that may still have to reach the cache
}

// NewPersister returns a Persister that saves in the background what wrapped
// queries fetch, until it is closed. The values of ctx are those of all saves; its
// end is of no account.
func NewPersister(ctx context.Context, c *query.Client, s Storage, o QueryOptions) *Persister {
	p := &Persister{
		client: c, storage: s, o: o,
		known: map[querykey.Key]wrapped{}, dirty: map[querykey.Key]bool{},
	}
	p.saving = newWorker(ctx, &worker{job: p.saveDirty})
	kinds := []query.EventKind{query.EventRemoved, query.EventUpdated}
	p.deaf = c.SubscribeEvents(query.EventOptions{Kinds: kinds}, p.hear)
	return p
}

// Close saves what is not saved yet and waits until that is done. When ctx is done
// before, the save is aborted and the error is the cause of ctx. Wrapped queries
// go on without being kept.
func (p *Persister) Close(ctx context.Context) error {
	p.deaf()
	if err := p.saving.close(ctx); err != nil {
		return fmt.Errorf("persist: close: %w", err)
	}
	return nil
}

// hear finds out what has to be saved.
func (p *Persister) hear(ev query.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case ev.Kind == query.EventLost:
		p.lost = true
	case ev.Query == nil:
		return
	case ev.Kind == query.EventRemoved:
		if key := ev.Query.State.Key(); p.known[key].id == ev.Query.ID {
			delete(p.known, key)
		}
		return
	case ev.Action == query.ActionSuccess && !ev.Manual:
		key := ev.Query.State.Key()
		w, ok := p.known[key]
		if !ok || w.id != ev.Query.ID {
			return
		}
		w.coming = max(w.coming-1, 0)
		p.known[key] = w
		p.dirty[key] = true
	default:
		return
	}
	p.saving.wake()
}

// catchUp takes what was fetched for what is in the cache, and forgets what is no
// longer there. It needs mu.
func (p *Persister) catchUp() {
	for key, w := range p.known {
		if _, ok := p.client.State(key); !ok {
			delete(p.known, key)
		} else if w.coming > 0 {
			p.dirty[key] = true
		}
	}
}

// noted remembers that an entry was tried to restore, or fetched.
func (p *Persister) noted(e query.Entry, how func(*wrapped)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := e.State.Key()
	w := p.known[key]
	if w.id != e.ID {
		w = wrapped{id: e.ID}
	}
	how(&w)
	p.known[key] = w
}

// tried reports whether restoring e was tried already.
func (p *Persister) tried(e query.Entry) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := p.known[e.State.Key()]
	return w.id == e.ID && w.tried
}

// report tells of an error, unless it is that there was nothing.
func (p *Persister) report(err error) {
	if !errors.Is(err, ErrAbsent) {
		tell(p.o.OnError, err)
	}
}

// saveDirty is the job of the persister's worker.
func (p *Persister) saveDirty(ctx context.Context, last bool) {
	p.mu.Lock()
	if last || p.lost {
		p.catchUp()
		p.lost = false
	}
	dirty := slices.Collect(maps.Keys(p.dirty))
	clear(p.dirty)
	p.mu.Unlock()
	for _, key := range dirty {
		p.report(p.Save(ctx, key))
	}
}

// lookUp returns the entry under key if it is to be kept.
func (p *Persister) lookUp(key querykey.Key) (query.Entry, bool) {
	if p.saving.closed() {
		return query.Entry{}, false
	}
	f := p.o.Filter
	if f.Key.Len() > 0 && (!key.Matches(f.Key) || f.Exact && key != f.Key) {
		return query.Entry{}, false
	}
	f.Key, f.Exact = key, true
	found := p.client.Entries(f)
	if len(found) == 0 {
		return query.Entry{}, false
	}
	return found[0], true
}
