package trpc

import (
	"context"
	"sync"
)

// lifetime counts what a client has running, so that Close can refuse, wait and
// cancel without a goroutine of its own.
type lifetime struct {
	ctx    context.Context //nolint:containedctx // ends when the client gives up on its requests
	cancel context.CancelCauseFunc
	push   context.Context //nolint:containedctx // ends when the client is closed
	quit   context.CancelCauseFunc
	idle   chan struct{} // closed once nothing runs and nothing may start

	mu      sync.Mutex
	running int
	refused bool
}

func newLifetime(ctx context.Context) *lifetime {
	l := &lifetime{idle: make(chan struct{})}
	l.ctx, l.cancel = context.WithCancelCause(ctx)
	l.push, l.quit = context.WithCancelCause(l.ctx)
	return l
}

// begin registers a call, unless the client is closed.
func (l *lifetime) begin() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refused {
		return false
	}
	l.running++
	return true
}

// spawn runs f on a goroutine that Close waits for. Only something that is
// itself registered may spawn.
func (l *lifetime) spawn(f func()) {
	l.mu.Lock()
	l.running++
	l.mu.Unlock()
	go func() {
		defer l.end()
		f()
	}()
}

func (l *lifetime) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running--
	if l.refused && l.running == 0 {
		close(l.idle)
	}
}

// refuse lets nothing new begin.
func (l *lifetime) refuse() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refused {
		return
	}
	l.refused = true
	if l.running == 0 {
		close(l.idle)
	}
}

// bound returns ctx, cancelled also when the client gives up. stop releases it.
func (l *lifetime) bound(ctx context.Context) (bounded context.Context, stop context.CancelCauseFunc) {
	return boundBy(ctx, l.ctx)
}

// boundPush is bound for a subscription, which does not end by itself: it is
// cancelled as soon as the client is closed.
func (l *lifetime) boundPush(ctx context.Context) (bounded context.Context, stop context.CancelCauseFunc) {
	return boundBy(ctx, l.push)
}

func boundBy(ctx, limit context.Context) (bounded context.Context, stop context.CancelCauseFunc) {
	bounded, cancel := context.WithCancelCause(ctx)
	release := context.AfterFunc(limit, func() { cancel(context.Cause(limit)) })
	return bounded, func(cause error) {
		release()
		cancel(cause)
	}
}

// waitIdle reports whether everything ended before ctx did.
func (l *lifetime) waitIdle(ctx context.Context) bool {
	select {
	case <-l.idle:
		return true
	case <-ctx.Done():
	}
	select {
	case <-l.idle: // both at once: the good news counts
		return true
	default:
		return false
	}
}
