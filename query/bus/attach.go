package bus

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

// ErrOverflow means that the bus was too slow for the client, and that others
// were not told of a change.
var ErrOverflow = errors.New("bus: too much waits for the bus")

// Options say what a client shares, and how. The zero value shares everything.
type Options struct {
	// Share says of which keys news are sent and accepted. It may be called
	// concurrently. Default: all.
	Share func(key querykey.Key) bool
	// Hydrate is for entries that are made for what was received.
	Hydrate query.HydrateOptions
	// MaxMessage is how many bytes a message may have, sent or received. Default:
	// 4 MiB.
	MaxMessage int
	// Buffer is for how many keys news may wait while the bus is busy; of each key
	// only the latest do. When there are more the oldest are dropped, and OnError
	// hears of ErrOverflow. Default: 1024.
	Buffer int
	// OnError hears of each message that could not be sent, or was refused. It may
	// be called concurrently. Default: the Logger is told.
	OnError func(err *Error)
	// Logger hears of errors if there is no OnError, and of panics in it and in
	// Share. Default: silence.
	Logger *slog.Logger
}

// Attachment is a client's place on a bus. Its methods may be called
// concurrently.
type Attachment struct {
	client *query.Client
	bus    Bus
	opts   Options
	id     string

	ctx    context.Context //nolint:containedctx // of the attachment's own goroutine
	cancel context.CancelFunc
	ended  chan struct{}  // closed once nothing is added to work any more
	work   sync.WaitGroup // the goroutine that sends, and deliveries

	mu       sync.Mutex // no user code runs under it
	closed   bool
	out      outbox
	sending  bool                // a goroutine empties the outbox
	removing map[uint64]struct{} // entries that are removed because others have done so
}

// maxAhead is how far the clocks of two processes may differ.
const maxAhead = time.Minute

// Attach shares the cache of client with all who are attached to b, from now on
// and until Close is called, ctx is done or the client is closed. What is in the
// cache already is not sent. The error is that of b.Subscribe.
func Attach(ctx context.Context, client *query.Client, b Bus, o Options) (*Attachment, error) {
	if o.MaxMessage <= 0 {
		o.MaxMessage = 4 << 20
	}
	if o.Buffer <= 0 {
		o.Buffer = 1024
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	a := &Attachment{
		client: client, bus: b, opts: o, id: rand.Text(), ended: make(chan struct{}),
		out:      outbox{limit: o.Buffer, news: make(map[querykey.Key]news)},
		removing: make(map[uint64]struct{}),
	}
	a.ctx, a.cancel = context.WithCancel(ctx)
	leave, err := b.Subscribe(a.deliver)
	if err != nil {
		a.cancel()
		return nil, fmt.Errorf("bus: attach: %w", err)
	}
	deaf := client.SubscribeEvents(query.EventOptions{
		Kinds: []query.EventKind{query.EventAdded, query.EventUpdated, query.EventRemoved},
	}, a.heard)
	context.AfterFunc(a.ctx, func() {
		defer close(a.ended)
		a.mu.Lock()
		a.closed = true
		a.mu.Unlock()
		deaf()
		leave()
	})
	return a, nil
}

// Close ends the sharing and waits until nothing of it runs any more, or until
// ctx is done. What waits to be sent is dropped. It must not be called from a
// callback. Closing again is harmless.
func (a *Attachment) Close(ctx context.Context) error {
	a.cancel()
	done := make(chan struct{})
	go func() {
		<-a.ended
		a.work.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("bus: close: %w", context.Cause(ctx))
	}
}

// shares reports whether news of key are for others at all.
func (a *Attachment) shares(key querykey.Key) (yes bool) {
	if a.opts.Share == nil {
		return true
	}
	a.protect("Share", func() { yes = a.opts.Share(key) })
	return yes
}

// report tells whoever is to hear of it that a message failed.
func (a *Attachment) report(err *Error) {
	switch {
	case a.ctx.Err() != nil || errors.Is(err, query.ErrClosed): // it is over
	case a.opts.OnError != nil:
		a.protect("OnError", func() { a.opts.OnError(err) })
	default:
		a.opts.Logger.Error("a message did not get through", "error", err)
	}
}

// protect calls user code, a panic of which is logged.
func (a *Attachment) protect(what string, f func()) {
	defer func() {
		if v := recover(); v != nil {
			a.opts.Logger.Error("bus: panic in "+what, "panic", v, "stack", string(debug.Stack()))
		}
	}()
	f()
}
