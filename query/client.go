package query

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/freshet-go/freshet/internal/sched"
)

// Config makes a Client. The zero Config works.
type Config struct {
	// Clock is the time. Default: the system's.
	Clock clock.Clock
	// Focus says whether the application is looked at. Default: a signal of the
	// client's own that was never set, which counts as focused.
	Focus *Signal
	// Online says whether there is a network. Default: a signal of the client's
	// own that is true.
	Online *Signal
	// Logger hears of panics in callbacks and of errors that no one waits for. A
	// *slog.Logger will do. Default: silence.
	Logger Logger
	// Defaults fill the gaps of all queries.
	Defaults Defaults
	// MutationDefaults fill the gaps of all mutations.
	MutationDefaults MutationDefaults
	// Quirks bring back what TanStack Query does and hardly anybody wants.
	Quirks Quirks
	// Together lets polls that are due at about the same time share a request.
	// Default: off.
	Together Together
	// StatsDepth is how many parts the prefixes have by which Stats counts. Keys of fewer
	// parts are counted by what comes before their last one. Default: 1.
	StatsDepth int
	// PollJitter is by how much the first poll may be early after somebody came to
	// observe and after the network returned, so that the clients of a fleet do not
	// poll in step: by a random part of PollJitter, or of the interval if that is
	// shorter. It is the same part for all queries of a client. Default: none.
	PollJitter time.Duration
	// Storm bounds what is fetched at once when much is to be. Default: no bounds.
	Storm Storm
	// Random is where chance comes from. The client uses it for nothing but PollJitter
	// and Storm.Spread, and by one goroutine at a time. Default: the runtime's.
	Random rand.Source
	// Limit bounds how much is kept. Default: no bound.
	Limit Limit
	// OnFetch is told how each fetch ended, whoever asked for it.
	OnFetch FetchCallbacks
	// OnMutation is called around each mutation, before its own callbacks.
	OnMutation MutationCallbacks
}

// Logger is the part of *slog.Logger that a client uses. It is an interface so that
// programs without log/slog need not link it. Error is called without locks, from
// any goroutine and concurrently, with a message that begins with "query: " and the
// cause under the key "error".
type Logger interface {
	Error(msg string, args ...any)
}

// FetchCallbacks hear of every fetch that ends, except of those that were
// cancelled silently or reverted. They are called after observers were told, on
// the goroutine of the fetch, which ends when they return.
type FetchCallbacks struct {
	OnSuccess func(s State[any])
	OnError   func(s State[any], err error)
	OnSettled func(s State[any], err error)
}

// Client owns a cache of queries and mutations, and every goroutine and timer
// that keeps it fresh. All methods may be called concurrently.
type Client struct {
	sched    *sched.Scheduler
	polls    *sched.Scheduler // for polls alone if they are to go together, else sched
	focus    *Signal
	online   *Signal
	log      Logger // nil is silence
	onFetch  FetchCallbacks
	onMutate MutationCallbacks
	quirks   Quirks

	defaults  atomic.Pointer[defaults]
	standing  standing
	index     index         // read without lock
	mutations mutationCache // guarded by mu
	events    eventLog      // guarded by mu
	post      post          // guarded by mu
	crew      crew
	landing   landing
	together  Together
	chance    chance  // guarded by mu
	storm     storm   // guarded by mu
	sides     sides   // guarded by mu
	tallies   tallies // the same
	limit     limiter // the same

	work   sync.WaitGroup  // every goroutine of the client; none is added once closed
	life   context.Context //nolint:containedctx // the client's own; every other ends with it
	finish context.CancelCauseFunc
	over   atomic.Bool // life has ended, for those who ask all the time

	governor governor // see governor.go

	mu     sync.Mutex // guards every write to the cache; no user code runs under it
	closed bool
	lastID uint64
	mounts int
	unhook []func() // subscriptions to focus and online while mounted
}

// New returns a client that listens to focus and network. It starts no
// goroutine until there is something to do. The error says what is wrong with cfg.
func New(cfg Config) (*Client, error) {
	if err := cfg.Limit.check(); err != nil {
		return nil, err
	}
	c := &Client{
		sched:    sched.New(cfg.Clock),
		focus:    cfg.Focus,
		online:   cfg.Online,
		log:      cfg.Logger,
		onFetch:  cfg.OnFetch,
		onMutate: cfg.OnMutation,
		quirks:   cfg.Quirks,
		together: cfg.Together,
		chance:   chance{source: cfg.Random, jitter: cfg.PollJitter},
		storm:    storm{Storm: cfg.Storm},
		limit:    limiter{Limit: cfg.Limit},
	}
	c.chance.begin()
	if c.polls = c.sched; c.together.On == On {
		c.polls = sched.New(cfg.Clock)
	}
	if c.focus == nil {
		c.focus = new(Signal)
	}
	if c.online == nil {
		c.online = NewSignal(true)
	}
	c.tallies.depth = cfg.StatsDepth
	c.index.tree.root.c, c.index.tree.root.tally = c, c.tallies.of(rootText)
	c.life, c.finish = context.WithCancelCause(context.Background())
	c.defaults.Store(&defaults{queries: cfg.Defaults, mutations: cfg.MutationDefaults})
	c.Mount()
	return c, nil
}

// Focus returns the signal that says whether the application is looked at.
func (c *Client) Focus() *Signal { return c.focus }

// Online returns the signal that says whether there is a network.
func (c *Client) Online() *Signal { return c.online }

// Now returns the time by the client's clock, which is the time that ages and
// deadlines here are reckoned by.
func (c *Client) Now() time.Time { return c.sched.Now() }

// ahead is t while it lies in the future, else zero.
func (c *Client) ahead(t time.Time) time.Time {
	if t.After(c.sched.Now()) {
		return t
	}
	return time.Time{}
}

// Mount makes the client listen to focus and network. It is counted: the client
// listens while there were more calls of Mount, of which New makes one, than of
// Unmount.
func (c *Client) Mount() { c.mount(+1) }

// Unmount takes one Mount back. A client that does not listen neither refetches
// on focus or reconnect, nor resumes what is paused.
func (c *Client) Unmount() { c.mount(-1) }

func (c *Client) mount(by int) {
	c.mu.Lock()
	before := c.mounts
	c.mounts += by
	var unhook []func()
	switch {
	case c.closed:
	case before == 0 && c.mounts == 1:
		c.unhook = []func(){
			c.focus.Subscribe(func(v bool) { c.signalled(v, c.focused) }),
			c.online.Subscribe(func(v bool) { c.signalled(v, c.reconnected) }),
		}
	case before == 1 && c.mounts == 0:
		unhook, c.unhook = c.unhook, nil
	}
	c.mu.Unlock()
	for _, stop := range unhook {
		stop()
	}
}

// Close ends all fetches, timers and observers and waits until every goroutine
// of the client is gone, or until ctx is done. Mutations that are running get
// their context cancelled. What is called afterwards fails with ErrClosed;
// closing again is harmless. It must not be called from a callback.
func (c *Client) Close(ctx context.Context) error {
	c.update(func(tx *txn) { tx.close() })
	c.finish(ErrClosed)
	c.over.Store(true)
	if ctx.Done() == nil {
		c.await()
		return nil
	}
	done := make(chan struct{})
	go func() {
		c.await()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("query: close: %w", context.Cause(ctx))
	}
}

// await returns once every goroutine of a client that is closed is gone.
func (c *Client) await() {
	c.work.Wait()
	c.sched.Close()
	c.polls.Close()
}

// goLocked starts a goroutine of the client, unless it is closed. It needs mu.
func (c *Client) goLocked(f func()) bool {
	if c.closed {
		return false
	}
	c.work.Go(f)
	return true
}

// launch starts a goroutine of the client once everyone has been told what led to
// it, unless the client is closed.
func (tx *txn) launch(f func()) bool {
	if tx.closed {
		return false
	}
	c := tx.Client // tx serves somebody else by then
	c.work.Add(1)
	tx.later(func() {
		go func() {
			defer c.work.Done()
			f()
		}()
	})
	return true
}

// report tells the log of an error that nobody else hears of.
func (c *Client) report(what string, err error) {
	if c.log != nil {
		c.log.Error("query: "+what, "error", err)
	}
}
