package trpc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/freshet-go/freshet/internal/sched"
)

// BatchMode says whether calls may share requests.
type BatchMode uint8

// The zero mode collects calls, and answers them together when the slowest is
// done. BatchStream collects them, too, but each is answered as soon as it is
// done; results with promises and generators need it. Servers can be set to
// refuse batches, and BatchOff is for those. It sends a mutation without input
// with an empty body, which servers from 11.0 to 11.23 refuse where an input is
// optional.
const (
	BatchOn BatchMode = iota
	BatchOff
	BatchStream
)

const (
	defaultBatchWindow       = 2 * time.Millisecond
	defaultBatchMaxItems     = 50
	defaultBatchMaxURLLength = 8000
)

// Batch tunes how calls are collected into requests. The zero value batches
// with the defaults below.
type Batch struct {
	Mode BatchMode

	// Window is how long the first call waits for others. Zero means 2 ms.
	Window time.Duration

	// MaxItems is the number of calls that sends a batch at once. Zero means 50.
	// Servers may have a limit of their own, and refuse whole batches above it.
	MaxItems int

	// MaxURLLength limits the URL in bytes, which holds the inputs of queries: a
	// call that does not fit starts the next batch, one that does not fit alone
	// fails with ErrURLTooLong. Zero means 8000, below the usual limit of 8 KiB
	// for the first line of a request.
	MaxURLLength int
}

func (b Batch) withDefaults() (Batch, error) {
	switch {
	case b.Mode > BatchStream:
		return b, fmt.Errorf("trpc: unknown Batch.Mode %d", b.Mode)
	case b.Window < 0, b.MaxItems < 0, b.MaxURLLength < 0:
		return b, errors.New("trpc: negative value in Batch")
	}
	if b.Window == 0 {
		b.Window = defaultBatchWindow
	}
	if b.MaxItems == 0 {
		b.MaxItems = defaultBatchMaxItems
	}
	if b.MaxURLLength == 0 {
		b.MaxURLLength = defaultBatchMaxURLLength
	}
	return b, nil
}

// singly sends every call in a request of its own, on the caller's goroutine.
func singly(end *terminal, limits Batch, life *lifetime) Handler {
	return func(ctx context.Context, op Op) (Answer, error) {
		r := request{ops: []Op{op}}
		if err := admit(ctx, end.base, r, limits); err != nil {
			return Answer{}, err
		}
		ctx, stop := life.bound(ctx)
		defer stop(nil)
		var out outcome
		end.exchange(ctx, r, func(_ int, only outcome) { out = only })
		return out.answer, out.err
	}
}

// admit tells why a call is not even sent alone. It is the last look at what
// links and transformers made of the call, which must not spoil a whole batch.
func admit(ctx context.Context, b base, alone request, limits Batch) error {
	op := alone.ops[0]
	if err := checkPath(op.Path); err != nil {
		return err
	}
	if op.Input != nil && !json.Valid(op.Input) {
		return fmt.Errorf("trpc: %s: encoded input is not JSON", op.Path)
	}
	if ctx.Err() != nil {
		return &TransportError{Procedure: op.Path, Err: contextError(ctx)}
	}
	if n := len(b.url(alone)); n > limits.MaxURLLength {
		return fmt.Errorf("trpc: %s: %w: %d bytes, Batch.MaxURLLength is %d", op.Path, ErrURLTooLong, n, limits.MaxURLLength)
	}
	return nil
}

// batcher collects calls that start close together. It is a Handler that does
// not pass calls on one by one, so it sits directly on the terminal.
type batcher struct {
	end    *terminal
	limits Batch
	sched  *sched.Scheduler
	life   *lifetime

	mu     sync.Mutex
	open   map[batchKey]*group
	closed bool
}

// batchKey is what the calls of one request have in common.
type batchKey struct {
	kind   Kind
	header string
}

// group is a request in the making, or under way once it left batcher.open.
type group struct {
	key    batchKey
	timer  *sched.Timer
	calls  []*waiting
	cancel context.CancelCauseFunc // set when sent
	live   int                     // calls still waited for
	open   int                     // calls without an outcome, once sent
}

// waiting is one call of a group.
type waiting struct {
	group *group
	ctx   context.Context //nolint:containedctx // values of the first call accompany the request
	op    Op
	ended bool         // answered or left
	done  chan outcome // buffered, so that delivering never blocks
}

func newBatcher(end *terminal, limits Batch, s *sched.Scheduler, life *lifetime) *batcher {
	return &batcher{end: end, limits: limits, sched: s, life: life, open: map[batchKey]*group{}}
}

func (b *batcher) handle(ctx context.Context, op Op) (Answer, error) {
	if err := admit(ctx, b.end.base, b.alone(op), b.limits); err != nil {
		return Answer{}, err
	}
	w := b.join(ctx, op)
	select {
	case out := <-w.done:
		return out.answer, out.err
	case <-ctx.Done():
	}
	sent := b.leave(w, contextError(ctx))
	select {
	case out := <-w.done: // the answer was faster
		return out.answer, out.err
	default:
	}
	return Answer{}, &TransportError{
		Procedure:      op.Path,
		OutcomeUnknown: sent && op.Kind == KindMutation,
		Err:            contextError(ctx),
	}
}

// alone is the request for a single call: a plain one, which every server and
// every cache in between understands. Only a mutation without input needs the
// form of a batch, since servers from 11.0 on refuse an empty body. A stream is
// always a batch.
func (b *batcher) alone(op Op) request {
	stream := b.limits.Mode == BatchStream
	return request{ops: []Op{op}, batch: stream || op.Kind == KindMutation && op.Input == nil, stream: stream}
}

// join puts the call into the open group of its key, or into a new one.
func (b *batcher) join(ctx context.Context, op Op) *waiting {
	key := batchKey{kind: op.Kind, header: headerKey(op.Header)}
	w := &waiting{ctx: ctx, op: op, done: make(chan outcome, 1)}
	b.mu.Lock()
	defer b.mu.Unlock()
	g := b.open[key]
	if g != nil && !b.fits(g, op) {
		b.send(g)
		g = nil
	}
	if g == nil {
		g = &group{key: key}
		b.open[key] = g
		g.timer = b.sched.AfterFunc(b.limits.Window, func() { b.flush(g) })
	}
	w.group = g
	g.calls = append(g.calls, w)
	g.live++
	if b.closed || len(g.calls) >= b.limits.MaxItems {
		b.send(g)
	}
	return w
}

func (b *batcher) fits(g *group, op Op) bool {
	r := b.request(g)
	r.ops, r.batch = append(r.ops, op), true
	return len(b.end.base.url(r)) <= b.limits.MaxURLLength
}

// leave takes a call whose caller has gone out of its group and reports whether
// it was sent. The request ends when nobody waits for it any more.
func (b *batcher) leave(w *waiting, cause error) (sent bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	g := w.group
	if w.ended {
		return true
	}
	w.ended = true
	g.live--
	if g.cancel != nil {
		if g.live == 0 {
			g.cancel(cause)
		}
		return true
	}
	g.calls = slices.DeleteFunc(g.calls, func(other *waiting) bool { return other == w })
	if len(g.calls) == 0 {
		g.timer.Stop()
		delete(b.open, g.key)
	}
	return false
}

func (b *batcher) flush(g *group) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open[g.key] == g {
		b.send(g)
	}
}

// flushAll sends what is waiting and lets nothing wait from now on.
func (b *batcher) flushAll() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	for _, g := range slices.Collect(maps.Values(b.open)) {
		b.send(g)
	}
}

// send closes the group and starts its request. The lock is held, so that no
// call can leave half way.
func (b *batcher) send(g *group) {
	delete(b.open, g.key)
	g.timer.Stop()
	// The request outlives the caller whose values it carries.
	ctx, stop := b.life.bound(context.WithoutCancel(g.calls[0].ctx))
	g.cancel, g.open = stop, len(g.calls)
	r := b.request(g)
	b.life.spawn(func() {
		defer stop(nil)
		b.end.exchange(ctx, r, func(i int, out outcome) { b.deliver(g.calls[i], out) })
	})
}

// deliver answers one call. If it was the last that somebody waited for, the
// request ends.
func (b *batcher) deliver(w *waiting, out outcome) {
	b.mu.Lock()
	g := w.group
	g.open--
	if !w.ended {
		w.ended = true
		g.live--
	}
	if g.live == 0 && g.open > 0 {
		g.cancel(nil)
	}
	b.mu.Unlock()
	w.done <- out
}

// request returns the request for the calls of g so far.
func (b *batcher) request(g *group) request {
	if len(g.calls) == 1 {
		return b.alone(g.calls[0].op)
	}
	r := request{ops: make([]Op, len(g.calls)), batch: true, stream: b.limits.Mode == BatchStream}
	for i, w := range g.calls {
		r.ops[i] = w.op
	}
	return r
}
