package query

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"time"
)

var (
	// ErrPushSilent is why a push was lost that gave no sign of life for its
	// Heartbeat.
	ErrPushSilent = errors.New("query: push is silent")
	// ErrPushEnded is why a push was lost whose source returned without a reason.
	ErrPushEnded = errors.New("query: source of push has ended")
)

// Push is a stream of events that keeps queries fresh. While it is healthy the
// queries that it covers are polled at its Safety interval only; when it is lost
// they are fetched at once, and polled as they say themselves. It is a plain value,
// to be given to Attach.
type Push[E any] struct {
	// Name is what Explain and PushState call it.
	Name string
	// Source runs the stream until ctx ends. It begins behind the event with the ID
	// after, or from now on if that is empty. It may reconnect by itself, saying so
	// by PushDisconnected and then PushConnected or PushResumed; when it ends, it is
	// run again after RetryDelay. Required.
	Source func(ctx context.Context, after string) iter.Seq[PushEvent[E]]
	// On puts an event into the cache before it returns: Set, Update, Invalidate. A
	// fetch may have known already what an event tells, so On must not add up. The
	// stream waits for it; ctx ends with the stream. An error or a panic makes a
	// resync. Required.
	On func(ctx context.Context, c *Client, event E) error
	// Covers chooses the queries that the stream keeps fresh, by Key and Exact alone.
	// The zero Filter is all queries. At least one filter is required.
	Covers []Filter
	// Safety is the interval of polling while the stream is healthy. It makes no
	// query poll that does not by itself, and none more often. Default: a minute.
	Safety time.Duration
	// Heartbeat is the silence after which a healthy stream counts as lost and its
	// source is run again. Default: none, only the source knows.
	Heartbeat time.Duration
	// RetryDelay is the wait before Source is run again; what it counts are runs in a
	// row that were not healthy for half a minute. Default: Exponential(time.Second,
	// 30*time.Second).
	RetryDelay RetryDelay
	// Random returns numbers from 0 up to 1, by which each wait is made shorter by up
	// to a half, so that clients do not return in step. Default: math/rand.
	Random func() float64
}

// PushKind says what a source tells.
type PushKind uint8

// The kinds of PushEvent. PushData from a source that is not connected counts as
// PushConnected, too.
const (
	// PushData brings an event, for Push.On.
	PushData PushKind = iota
	// PushConnected means healthy from now on. Events from before may be missing, so
	// it makes a resync.
	PushConnected
	// PushResumed means healthy again without a gap: what was missed follows. The
	// first time it counts as PushConnected.
	PushResumed
	// PushDisconnected means that the connection is lost, by Err.
	PushDisconnected
	// PushBeat is a sign of life.
	PushBeat
	// PushResync means that events are missing, by Err.
	PushResync
)

// PushEvent is what a source tells. Its zero Kind is an event.
type PushEvent[E any] struct {
	Kind PushKind
	// ID names an event, so that it is applied once and the stream can go on behind
	// it. Events without ID are applied as they come. After a PushResync without ID
	// the next run of the source begins from now on.
	ID   string
	Data E
	// Distinct says that the source has left out repetitions by itself: an ID that is
	// known is that of another event, of a server whose IDs have begun anew. Otherwise
	// what comes again after PushResumed counts as repeated, and is dropped.
	Distinct bool
	// Err is why the stream is lost or has a gap, or why Data could not be read,
	// which makes a resync.
	Err error
}

// Attach runs the source of p on a goroutine of c until stop is called or c is
// closed. Events are applied one after the other, in order, and each ID once. Where
// that cannot be it makes a resync: what p covers is marked stale, and what of it is
// in use is fetched. The error is ErrClosed, or that something of p is missing. stop
// waits for Source and On to return, so it must not be called from them.
func Attach[E any](c *Client, p Push[E]) (stop func(), err error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	s := &stream{
		c: c, name: p.Name, covers: p.Covers, safety: clampDelay(p.Safety), heartbeat: clampDelay(p.Heartbeat),
		delay: p.RetryDelay, random: p.Random, done: make(chan struct{}),
	}
	if s.safety == 0 {
		s.safety = defaultSafety
	}
	if s.random == nil {
		s.random = rand.Float64
	}
	s.source = func(ctx context.Context, after string) iter.Seq[pushSignal] {
		return func(yield func(pushSignal) bool) {
			for e := range p.Source(ctx, after) {
				on := func(ctx context.Context) error { return p.On(ctx, c, e.Data) }
				if !yield(pushSignal{e.Kind, e.ID, e.Err, e.Distinct, on}) {
					return
				}
			}
		}
	}
	return s.attach()
}

func (p Push[E]) check() error {
	if p.Source == nil || p.On == nil {
		return fmt.Errorf("query: push %q: %w", p.Name, ErrNilCallback)
	}
	if len(p.Covers) == 0 {
		return fmt.Errorf("query: push %q covers nothing", p.Name)
	}
	for _, f := range p.Covers {
		if err := f.Key.Err(); err != nil {
			return fmt.Errorf("query: push %q: %w", p.Name, err)
		}
		if f.conditional() || f.Refetch != (RefetchOptions{}) || f.Cancel != (CancelOptions{}) {
			return fmt.Errorf("query: push %q: Covers goes by Key and Exact alone", p.Name)
		}
	}
	return nil
}
