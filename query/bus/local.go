package bus

import (
	"context"
	"slices"
	"sync"
)

// Local is a Bus for several clients of one process. It loses nothing and holds
// nothing back: Publish returns when every subscriber has had the message, on the
// goroutine of its caller. The zero Local is ready for use.
type Local struct {
	mu   sync.Mutex
	subs []*subscription // copied on write
}

type subscription struct{ f func([]byte) }

// Publish calls all who have subscribed. The error is the cause of a ctx that was
// done before.
func (l *Local) Publish(ctx context.Context, message []byte) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	l.deliver(message)
	return nil
}

func (l *Local) deliver(message []byte) {
	l.mu.Lock()
	subs := l.subs
	l.mu.Unlock()
	for _, s := range subs {
		if l.has(s) {
			s.f(message)
		}
	}
}

// has is false for those who were stopped by another subscriber.
func (l *Local) has(s *subscription) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Contains(l.subs, s)
}

// Subscribe calls deliver with what is published from now on. It does not fail.
func (l *Local) Subscribe(deliver func(message []byte)) (stop func(), err error) {
	s := &subscription{deliver}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.subs = append(slices.Clip(l.subs), s)
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.subs = slices.DeleteFunc(slices.Clone(l.subs), func(x *subscription) bool { return x == s })
	}, nil
}
