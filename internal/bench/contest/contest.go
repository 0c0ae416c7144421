// Package contest says what a contestant of the benchmarks is: the interfaces
// that the workloads drive, and what they are given to drive them with.
// WORKLOADS.md defines the workloads.
package contest

import (
	"context"
	"errors"
	"time"

	"github.com/freshet-go/freshet/querykey"
)

// ErrNotOffered means that a contestant cannot do what a Config asks for, such as
// keeping a bound. The workload goes on without it.
var ErrNotOffered = errors.New("bench: not offered")

// Payload is the value that every workload caches, by pointer, so that it is
// never part of what a contestant allocates.
type Payload [64]byte

// Val is what is cached.
type Val = *Payload

// Parts is a structured key, ["seller","orders",id].
type Parts struct {
	A, B string
	ID   int
}

// Config is what a workload asks of a cache.
type Config struct {
	// Keys are the keys that the methods of Cache refer to by their index.
	Keys Keys
	// Hint is how many entries the workload will put in, 0 if the cache is not to
	// know.
	Hint int
	// Bound is how many entries may be kept, 0 for no bound.
	Bound int
	// Stale is how long data must be served without a load.
	Stale time.Duration
	// GC is after how long an entry that nobody uses may be dropped.
	GC time.Duration
	// Load and LoadParts are the loaders.
	Load      func(ctx context.Context, key string) (Val, error)
	LoadParts func(ctx context.Context, k Parts) (Val, error)
}

// Keys are string keys in the form in which each contestant takes them, made
// before anything is measured: of length and index equal.
type Keys struct {
	Text []string
	Key  []querykey.Key
}

// Cache takes part in W1 with string keys, in W2, W3 and W4.
type Cache interface {
	// Fetch returns the fresh cached value of key i, or loads it once for all who
	// ask meanwhile, stores it and returns it.
	Fetch(ctx context.Context, i int) (Val, error)
	Set(i int, v Val) error
	// Len is how many entries there are, -1 if the cache does not know.
	Len() int
	Close() error
}

// PartsCache takes part in W1 and W4 with structured keys. Each call makes the
// key of its parts.
type PartsCache interface {
	FetchParts(ctx context.Context, a, b string, id int) (Val, error)
	SetParts(a, b string, id int, v Val) error
	Close() error
}

// Tree takes part in W5. Its keys are ["t",tenant,"orders",id].
type Tree interface {
	Put(tenant, id int, v Val) error
	// Fresh reports whether a read of the key would be served without a load.
	Fresh(tenant, id int) bool
	// InvalidateTenant makes every entry under ["t",tenant] stale, or drops it.
	InvalidateTenant(tenant int) error
	Close() error
}

// Poller takes part in W6. From Start(i) on key i is polled once per interval,
// until Stop, after which no poll comes.
type Poller interface {
	Start(i int) error
	Stop() error
}

// Notifier takes part in W7.
type Notifier interface {
	// Observe registers f for every later SetData of key.
	Observe(key int, f func(Val)) error
	// SetData stores v and delivers it to all observers of key, now or later.
	SetData(key int, v Val) error
	Close() error
}

// Expiring takes part in W8. Entries vanish ttl after Set; Get never loads.
type Expiring interface {
	Set(i int, v Val, ttl time.Duration) error
	Get(i int) (Val, bool)
	Len() int
	Close() error
}

// Sharer takes part in W9 with decoded lists. Replace returns what a cache that
// holds prev would hold after next was fetched: prev itself if they are equal,
// else a list whose equal elements are the very pointers of prev.
type Sharer interface {
	Prime(prev []*Order) error
	Replace(next []*Order) (kept []*Order, err error)
	Close() error
}

// RawSharer is Sharer for whom what was fetched is the body of a response.
type RawSharer interface {
	Prime(body []byte) (list []*Order, err error)
	Refetch(body []byte) (kept []*Order, err error)
	Close() error
}

// Spec describes a contestant. What it cannot do is nil.
type Spec struct {
	Name string
	Note string // how it is configured, and what it lacks

	NewCache    func(Config) (Cache, error)
	NewParts    func(Config) (PartsCache, error)
	NewTree     func(entries int) (Tree, error)
	NewPoller   func(interval time.Duration, n int, poll func(i int)) (Poller, error)
	NewNotifier func(keys int) (Notifier, error)
	NewExpiring func(keys Keys, lifetime time.Duration) (Expiring, error)
	NewSharer   func() (Sharer, error)
	NewRaw      func() (RawSharer, error)

	// Cold makes a cache, fetches once and closes it.
	Cold func() error
	// Minimal is the folder in minimal of the smallest program that uses it.
	Minimal string
}
