package persist

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/freshet-go/freshet/query"
)

// Session saves a client whenever it changed, until it is closed. All methods may
// be called concurrently.
type Session struct {
	client   *query.Client
	store    Store
	o        Options
	restored Restored

	saving  *worker
	deaf    func()             // stops listening to the client
	pause   context.CancelFunc // stops waiting for mutations that were resumed
	resumed sync.WaitGroup
	last    error // of the last save, once saving is done
}

// Start restores the client, as Restore does, and returns when that is over. Then
// it saves the client in the background: at once after the first change, and
// after those that follow when Options.Throttle has passed. Whoever fetches or
// observes only after Start has returned fetches nothing that was restored. ctx
// bounds restoring; its values are those of all saves. After an error there is no
// session, and the store is left alone.
func Start(ctx context.Context, c *query.Client, s Store, o Options) (*Session, error) {
	restored, err := Restore(ctx, c, s, o)
	if err != nil {
		return nil, err
	}
	x := &Session{client: c, store: s, o: o, restored: restored}
	x.saving = newWorker(ctx, &worker{job: x.save, rest: x.throttle})
	x.deaf = c.SubscribeEvents(query.EventOptions{
		Kinds:  []query.EventKind{query.EventAdded, query.EventRemoved, query.EventUpdated},
		Buffer: 1, // that something changed is all there is to know
	}, func(query.Event) { x.saving.wake() })
	x.resume(ctx)
	return x, nil
}

// Restored returns what Start found in the store.
func (x *Session) Restored() Restored { return x.restored }

// Close saves the client a last time and waits until that is done. It must be
// called before the client is closed, else the last save fails with
// query.ErrClosed. When ctx is done before, the save is aborted and the error is
// the cause of ctx. Closing again is harmless and returns the same.
func (x *Session) Close(ctx context.Context) error {
	x.deaf()
	x.pause()
	if err := x.saving.close(ctx); err != nil {
		return fmt.Errorf("persist: close: %w", err)
	}
	x.resumed.Wait()
	return x.last
}

// save is the job of the session's worker.
func (x *Session) save(ctx context.Context, last bool) {
	err := Save(ctx, x.client, x.store, x.o)
	switch {
	case last:
		x.last = err
	case errors.Is(err, query.ErrClosed): // and Close will say so
	default:
		x.o.report(err)
	}
}

// throttle waits until the next save may begin.
func (x *Session) throttle(quit <-chan struct{}) {
	over := make(chan struct{})
	stop := x.client.AfterFunc(x.o.throttle(), func() { close(over) })
	defer stop()
	select {
	case <-over:
	case <-quit:
	}
}

// resume lets the mutations go on that were restored.
func (x *Session) resume(ctx context.Context) {
	ctx, x.pause = context.WithCancel(context.WithoutCancel(ctx))
	if x.restored.Mutations == 0 || x.o.ResumeMutations == query.Off {
		return
	}
	x.resumed.Go(func() {
		err := x.client.ResumePausedMutations(ctx)
		if err != nil && ctx.Err() == nil && !errors.Is(err, query.ErrClosed) {
			x.o.report(fmt.Errorf("persist: resume mutations: %w", err))
		}
	})
}
