package querytest

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/freshet-go/freshet/internal/sched"
	"github.com/freshet-go/freshet/query"
)

// Harness is a test in a bubble, with a client and the clock the client lives
// by. It is the testing.TB of the bubble, so that it can be given to require and
// its Context to queries. Its methods are for the goroutine of the test alone.
type Harness struct {
	testing.TB

	client *query.Client
	clock  *clock.Mock
	sched  *sched.Scheduler // for scripts
}

// Run runs f as part of test t, with a client of the zero query.Config. When f
// is through, the client is closed and no goroutine may be left.
func Run(t *testing.T, f func(h *Harness)) {
	t.Helper()
	RunConfig(t, query.Config{}, f)
}

// RunConfig is Run with a client made from cfg. The clock is a new mock at the
// Unix epoch, unless cfg has a mock of its own; another clock fails the test.
// Without a Logger in cfg, what the client reports goes to the test's log.
func RunConfig(t *testing.T, cfg query.Config, f func(h *Harness)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(start(t, cfg)) })
}

func start(t *testing.T, cfg query.Config) *Harness {
	t.Helper()
	if cfg.Clock == nil {
		cfg.Clock = clock.NewMock()
	}
	mock, ok := cfg.Clock.(*clock.Mock)
	if !ok {
		t.Fatalf("querytest: the clock is a %T, want a *clock.Mock", cfg.Clock)
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	if fetch := cfg.Defaults.Fetch; fetch != nil {
		cfg.Defaults.Fetch = func(ctx context.Context, info query.FetchInfo) (any, error) {
			rest()
			return fetch(ctx, info)
		}
	}
	client, err := query.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	h := &Harness{TB: t, client: client, clock: mock, sched: sched.New(mock)}
	t.Cleanup(h.close)
	return h
}

// close waits for every goroutine of the client. If one never ends, the bubble
// finds that all are blocked and shows where.
func (h *Harness) close() {
	if err := h.client.Close(context.WithoutCancel(h.Context())); err != nil {
		h.Error(err)
	}
	h.sched.Close()
}

// Client returns the client under test. It is closed at the end of the test.
func (h *Harness) Client() *query.Client { return h.client }

// Clock returns the clock of the client, for code under test that needs the
// same time. Move it by Advance, which unlike Add waits for what happens.
func (h *Harness) Clock() *clock.Mock { return h.clock }

// Advance moves the clock by d, which must not be negative. All that falls due
// on the way happens at its time and in order, and is over when Advance returns.
func (h *Harness) Advance(d time.Duration) {
	h.Helper()
	if d < 0 {
		h.Fatalf("querytest: Advance by %v: time does not run backwards", d)
	}
	h.Settle() // what was begun before begins before time moves
	h.clock.Add(d)
	h.Settle()
}

// Settle lets everything happen that can happen without time passing: when it
// returns, all other goroutines wait for the clock or for one another.
func (h *Harness) Settle() {
	pause(time.Millisecond)
	synctest.Wait()
}

// SetFocused tells the client whether the application is looked at, and lets
// what follows happen.
func (h *Harness) SetFocused(focused bool) {
	h.client.Focus().Set(focused)
	h.Settle()
}

// SetOnline tells the client whether there is a network, and lets what follows
// happen.
func (h *Harness) SetOnline(online bool) {
	h.client.Online().Set(online)
	h.Settle()
}

// rest returns when all other goroutines of the bubble are at rest, or rest too.
func rest() { pause(time.Nanosecond) }

// pause sleeps in the bubble, whose time moves once everybody there is blocked.
func pause(d time.Duration) {
	time.Sleep(d) //nolint:forbidigo // takes no time in the bubble and lets the others go first
}
