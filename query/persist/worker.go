package persist

import (
	"context"
	"sync"
)

// worker is a goroutine that does a job when it is woken, and a last time when it
// is closed. To wake it while it works or rests makes it work once more.
type worker struct {
	job  func(ctx context.Context, last bool)
	rest func(quit <-chan struct{}) // before it may be woken again

	woken chan struct{} // holds one
	quit  chan struct{}
	done  chan struct{}
	abort context.CancelCauseFunc
	once  sync.Once
}

// newWorker starts a worker whose jobs have the values of ctx, not its end.
func newWorker(ctx context.Context, w *worker) *worker {
	ctx, w.abort = context.WithCancelCause(context.WithoutCancel(ctx))
	w.woken, w.quit, w.done = make(chan struct{}, 1), make(chan struct{}), make(chan struct{})
	go w.run(ctx)
	return w
}

func (w *worker) run(ctx context.Context) {
	defer close(w.done)
	defer w.abort(nil)
	for w.wait() {
		w.job(ctx, false)
		if w.rest != nil {
			w.rest(w.quit)
		}
	}
	w.job(ctx, true)
}

// wait reports whether there is a job other than the last one.
func (w *worker) wait() bool {
	select {
	case <-w.quit:
		return false
	case <-w.woken:
	}
	return !w.closed() // else the last job does what this one would
}

// closed reports whether close was called.
func (w *worker) closed() bool {
	select {
	case <-w.quit:
		return true
	default:
		return false
	}
}

// wake never blocks.
func (w *worker) wake() {
	select {
	case w.woken <- struct{}{}:
	default: // it will be awake already
	}
}

// close waits until the last job is done. If ctx is done before, the job is
// aborted and left to end by itself.
func (w *worker) close(ctx context.Context) error {
	w.once.Do(func() { close(w.quit) })
	select {
	case <-w.done:
		return nil
	default:
	}
	select {
	case <-w.done:
		return nil
	case <-ctx.Done():
		w.abort(context.Cause(ctx))
		return context.Cause(ctx)
	}
}
