package query

import (
	"context"
	"sync/atomic"
)

// latch is closed until it is opened, once and for all. It has a channel only if
// somebody waits, which is rare where the caller does the work. The zero latch is
// closed.
type latch struct {
	opened atomic.Bool
	sign   atomic.Pointer[chan struct{}]
}

// open lets everybody through. What was written before can be read by those who
// waited.
func (l *latch) open() {
	l.opened.Store(true) // first: who makes the channel too late looks again
	if sign := l.sign.Load(); sign != nil {
		close(*sign)
	}
}

// wait returns once the latch is open, or the cause of ctx if that ends before.
func (l *latch) wait(ctx context.Context) error {
	if l.opened.Load() {
		return nil
	}
	sign := l.sign.Load()
	if sign == nil {
		made := make(chan struct{})
		if l.sign.CompareAndSwap(nil, &made) {
			sign = &made
		} else {
			sign = l.sign.Load()
		}
	}
	if l.opened.Load() { // maybe before there was a channel to close
		return nil
	}
	if ctx.Done() == nil {
		<-*sign // cheaper than a select
		return nil
	}
	select {
	case <-*sign:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
