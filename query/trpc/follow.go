package trpc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"time"

	"github.com/freshet-go/freshet/internal/sched"
)

var (
	errFinished = errors.New("the server has finished")
	errMoved    = errors.New("the server asks for another connection")
	errLeft     = errors.New("the consumer has left")
)

// source makes the connections of subscriptions.
type source interface {
	// open subscribes and returns once the server has begun.
	open(ctx context.Context, op Op, token string) (feed, error)
}

// feed is what a subscription gets over one connection. It belongs to one
// goroutine.
type feed interface {
	// next waits for a value. errFinished and errMoved are ends without a fault.
	next(ctx context.Context) (pushed, error)
	close()
}

// pushed is one value of a subscription.
type pushed struct {
	id   string // empty if the server does not track it
	data json.RawMessage
}

// pusher keeps subscriptions alive over the connections of its source.
type pusher struct {
	settings Push
	source   source
	header   func(context.Context) (http.Header, error) // nil for none
	auth     *refresher                                 // nil for none
	t        *terminal
	sched    *sched.Scheduler
	life     *lifetime
}

// follow is the innermost [StreamHandler].
func (p *pusher) follow(ctx context.Context, op Op) iter.Seq[Event[json.RawMessage]] {
	return func(yield func(Event[json.RawMessage]) bool) {
		ctx, stop := p.life.boundPush(ctx)
		defer stop(nil)
		f := &follower{pusher: p, op: op, yield: yield, history: newHistory(), resumable: p.resumable(op)}
		if f.resumable {
			f.last = op.After
		}
		f.run(ctx)
	}
}

// resumable reports whether a server can hand the last ID to the procedure: it
// becomes a field of the input.
func (p *pusher) resumable(op Op) bool {
	if op.Input == nil {
		return true
	}
	var plain json.RawMessage
	if p.t.transformer.Decode(op.Input, &plain) != nil || plain == nil || isNull(plain) {
		return true
	}
	_, err := parseObject(plain)
	return err == nil
}

// follower is the life of one subscription.
type follower struct {
	*pusher

	op        Op
	yield     func(Event[json.RawMessage]) bool
	history   *history
	resumable bool

	last      string // ID of the last event
	untracked bool   // values came that no ID covers
	attempt   int    // failures in a row
	moves     int    // to other connections, in haste
	refreshed bool   // the token is new, and not known to be accepted
	live      bool   // the consumer believes so
	progress  bool   // the present connection brought values
}

func (f *follower) run(ctx context.Context) {
	var old feed // serves until there is another
	leave := func() {
		if old != nil {
			old.close()
			old = nil
		}
	}
	defer leave()
	for {
		current, err := f.attach(ctx)
		leave()
		if err == nil {
			began := f.sched.Now()
			old = current
			err = f.consume(ctx, current)
			if f.sched.Now().Sub(began) >= f.settings.RetryMax {
				f.healthy()
			}
			if errors.Is(err, errMoved) {
				f.hurry(ctx, f.sched.Now().Sub(began))
				continue
			}
			leave()
		}
		if !f.recover(ctx, err) {
			return
		}
	}
}

// attach subscribes over a new connection.
func (f *follower) attach(ctx context.Context) (feed, error) {
	op := f.op
	op.After = f.last
	if f.header != nil {
		var err error
		if op, err = op.withHeaders(ctx, f.header); err != nil {
			return nil, err
		}
	}
	token := ""
	if f.auth != nil {
		var err error
		if token, err = f.auth.auth.Token(ctx); err != nil {
			return nil, fmt.Errorf("trpc: %s: token: %w", op.Path, err)
		}
	}
	f.progress = false
	current, err := f.source.open(ctx, op.withToken(token), token)
	if unauthorized(err) {
		return nil, &refusedTokenError{token: token, err: err}
	}
	if err == nil {
		return &tokenFeed{feed: current, token: token}, nil
	}
	return nil, err
}

// consume hands on what the connection brings.
func (f *follower) consume(ctx context.Context, current feed) error {
	kind := EventConnected
	if f.last != "" {
		f.history.resume()
		if !f.untracked {
			kind = EventResumed
		}
	} else {
		f.history.restart()
	}
	f.live, f.untracked = true, false
	if !f.yield(Event[json.RawMessage]{Kind: kind}) {
		return errLeft
	}
	for {
		got, err := current.next(ctx)
		if err != nil {
			return err
		}
		if f.history.repeats(got.id, got.data) {
			continue
		}
		switch {
		case got.id == "":
			f.untracked = true
		case f.resumable:
			f.last = got.id
		}
		f.progress = true
		f.healthy()
		if !f.yield(Event[json.RawMessage]{Kind: EventData, ID: got.id, Data: got.data}) {
			return errLeft
		}
	}
}

func (f *follower) healthy() { f.attempt, f.refreshed = 0, false }

// recover decides what follows err, and reports whether the subscription goes
// on.
func (f *follower) recover(ctx context.Context, err error) bool {
	switch {
	case errors.Is(err, errLeft):
		return false
	case errors.Is(err, errFinished):
		return f.end(nil)
	case ctx.Err() != nil:
		return f.end(&TransportError{Procedure: f.op.Path, Err: contextError(ctx)})
	}
	var refusal *refusedTokenError
	if errors.As(err, &refusal) && f.auth != nil && !f.refreshed {
		f.refreshed = true
		if _, failed := f.auth.replace(ctx, refusal.token); failed != nil {
			err = fmt.Errorf("%w (no new token: %w)", refusal.err, failed)
			if !transient(failed) {
				return f.end(err)
			}
			f.refreshed = false
			return f.lose(ctx, err)
		}
		return f.again(refusal.err)
	}
	if refusal != nil {
		err = refusal.err
	}
	switch {
	case f.last != "" && !f.progress && refusesID(err):
		f.last = ""
		return f.again(err)
	case !transient(err):
		return f.end(err)
	}
	return f.lose(ctx, err)
}

// hurry lets the subscription move at once, unless the server keeps asking.
func (f *follower) hurry(ctx context.Context, lived time.Duration) {
	if lived >= f.settings.RetryMin {
		f.moves = 0
		return
	}
	if f.moves++; f.moves > 1 {
		f.wait(ctx, f.settings.delay(f.moves))
	}
}

// end tells the consumer that nothing follows.
func (f *follower) end(err error) bool {
	f.yield(Event[json.RawMessage]{Kind: EventClosed, Err: err})
	return false
}

// again goes on at once. A consumer that never heard of the connection hears
// nothing of its end.
func (f *follower) again(err error) bool {
	wasLive := f.live
	f.live = false
	return !wasLive || f.yield(Event[json.RawMessage]{Kind: EventLost, Err: err})
}

// lose waits before the next attempt.
func (f *follower) lose(ctx context.Context, err error) bool {
	delay := max(f.settings.delay(f.attempt), retryAfterOf(err))
	f.attempt++
	f.live = false
	f.t.stats.losses.Add(1)
	if !f.yield(Event[json.RawMessage]{Kind: EventLost, Err: err, RetryIn: delay}) {
		return false
	}
	if f.wait(ctx, delay); ctx.Err() != nil {
		return f.end(&TransportError{Procedure: f.op.Path, Err: contextError(ctx)})
	}
	return true
}

func (f *follower) wait(ctx context.Context, d time.Duration) {
	over := make(chan struct{})
	timer := f.sched.AfterFunc(d, func() { close(over) })
	defer timer.Stop()
	select {
	case <-over:
	case <-ctx.Done():
	}
}

// refusedTokenError is the refusal of a connection for its token.
type refusedTokenError struct {
	token string
	err   error
}

func (r *refusedTokenError) Error() string { return r.err.Error() }

func (r *refusedTokenError) Unwrap() error { return r.err }

// tokenFeed knows with which token it was opened.
type tokenFeed struct {
	feed

	token string
}

func (t *tokenFeed) next(ctx context.Context) (pushed, error) {
	got, err := t.feed.next(ctx)
	if unauthorized(err) {
		err = &refusedTokenError{token: t.token, err: err}
	}
	return got, err
}
