package query

import (
	"context"
	"iter"
	"sync/atomic"
	"time"

	"github.com/freshet-go/freshet/internal/sched"
)

const (
	defaultSafety = time.Minute
	// steady is how long a run must be healthy for the next one to count as the
	// first: as long as the longest wait between runs is by default.
	steady = 30 * time.Second
)

// stream is an attached Push. Its source and its handler run on one goroutine.
type stream struct {
	c         *Client
	name      string
	covers    []Filter
	source    func(ctx context.Context, after string) iter.Seq[pushSignal]
	safety    time.Duration
	heartbeat time.Duration
	delay     RetryDelay
	random    func() float64

	ctx    context.Context //nolint:containedctx // life of the stream
	finish context.CancelFunc
	done   chan struct{} // closed when the goroutine is through

	shown atomic.Pointer[PushState] // replaced under the client's mutex

	// Guarded by the client's mutex.
	stats    PushStats
	last     string // ID of the last event
	heardAt  time.Time
	busy     bool // with a signal: the silence is not the source's
	followed bool // it has been healthy once
	run      *pushRun
	watch    *sched.Timer // for silence
	watching bool

	seen history // used by the goroutine alone
}

// pushRun is one run of a source.
type pushRun struct {
	ctx context.Context //nolint:containedctx // ends with the run
	end context.CancelCauseFunc

	// Guarded by the client's mutex.
	cut    bool // for its silence: what it still says is not heard
	liveAt time.Time
}

// pushSignal is a PushEvent without its type.
type pushSignal struct {
	kind     PushKind
	id       string
	err      error
	distinct bool
	on       func(context.Context) error
}

func (s *stream) attach() (stop func(), err error) {
	s.ctx, s.finish = context.WithCancel(s.c.life)
	s.c.update(func(tx *txn) {
		if tx.closed {
			err = ErrClosed
			return
		}
		s.shown.Store(&PushState{Name: s.name, Status: PushLost, Since: tx.now(), Safety: s.safety})
		tx.cover(s)
		tx.launch(s.live)
	})
	if err != nil {
		s.finish()
		return nil, err
	}
	return s.stop, nil
}

func (s *stream) stop() {
	s.finish()
	s.lose(nil, nil) // while it still covers what has to be fetched
	s.c.update(func(tx *txn) { tx.uncover(s) })
	<-s.done
}

// live is the goroutine of the stream: it runs the source again and again.
func (s *stream) live() {
	defer close(s.done)
	defer s.finish()
	for failures := 0; ; failures++ {
		r, err := s.runOnce()
		if s.ctx.Err() != nil {
			return
		}
		s.lose(r, err)
		if !r.liveAt.IsZero() && s.c.sched.Now().Sub(r.liveAt) >= steady {
			failures = 0
		}
		d := s.delay.after(s.c, failures, err)
		s.wait(d - time.Duration(ask(s.c, "Push.Random", 0, s.random)*float64(d)/2))
	}
}

func (s *stream) wait(d time.Duration) {
	over := make(chan struct{})
	t := s.c.sched.AfterFunc(d, func() { close(over) })
	defer t.Stop()
	select {
	case <-over:
	case <-s.ctx.Done():
	}
}

// runOnce runs the source until it ends, and returns why it did.
func (s *stream) runOnce() (r *pushRun, err error) {
	r = new(pushRun)
	r.ctx, r.end = context.WithCancelCause(s.ctx)
	defer r.end(nil)
	s.c.mu.Lock()
	s.run = r
	s.stats.Runs++
	after := s.last
	s.c.mu.Unlock()
	s.seen.replayed = false
	returned := false
	defer func() {
		if !returned { // user code has ended the goroutine, and with it the stream
			s.lose(r, errGoexit())
			s.resync()
		}
	}()
	reason := ErrPushEnded
	err = protect(func() error {
		for sig := range s.source(r.ctx, after) {
			if !s.hear(r) {
				break
			}
			if sig.err != nil && sig.kind == PushDisconnected {
				reason = sig.err
			}
			s.take(r, sig)
			s.listen()
		}
		return reason
	})
	returned = true
	return r, err
}

// hear reports whether what r says still counts, and keeps the time that it takes
// from counting as silence.
func (s *stream) hear(r *pushRun) bool {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	if r.cut || r.ctx.Err() != nil {
		return false
	}
	s.busy, s.heardAt = true, s.c.sched.Now()
	return true
}

// listen waits for the next sign of life.
func (s *stream) listen() {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	if s.busy = false; s.heartbeat == 0 {
		return
	}
	s.heardAt = s.c.sched.Now()
	if !s.watching && s.shown.Load().Status == PushLive {
		s.watchFor(s.heartbeat)
	}
}

// watchFor looks in d whether the stream is silent. It needs the mutex.
func (s *stream) watchFor(d time.Duration) {
	s.watching = true
	if s.watch == nil {
		s.watch = s.c.sched.AfterFunc(d, s.checkSilence)
		return
	}
	s.watch.Reset(d)
}

// checkSilence gives the run up if nothing was heard of it for too long.
func (s *stream) checkSilence() {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	s.watching = false
	r, left := s.run, s.heardAt.Add(s.heartbeat).Sub(s.c.sched.Now())
	switch {
	case s.shown.Load().Status != PushLive || s.ctx.Err() != nil:
	case s.busy:
		s.watchFor(s.heartbeat)
	case left > 0:
		s.watchFor(left)
	default:
		r.cut = true
		s.c.goLocked(func() {
			r.end(ErrPushSilent)
			s.lose(r, ErrPushSilent)
		})
	}
}

// take acts on a signal.
func (s *stream) take(r *pushRun, sig pushSignal) {
	switch sig.kind {
	case PushConnected:
		s.seen.replayed = false
		s.gain(r, false)
	case PushResumed:
		s.seen.replayed = true
		s.gain(r, true)
	case PushDisconnected:
		s.lose(r, sig.err)
	case PushResync:
		s.advance(sig.id)
		s.resync()
	case PushBeat: // it was heard, and that is all
	case PushData:
		s.event(sig)
		if s.shown.Load().Status != PushLive {
			s.gain(r, false)
		}
	}
}

// event applies an event, unless that was done already.
func (s *stream) event(sig pushSignal) {
	if sig.distinct && s.seen.knows(sig.id) {
		s.seen.restart()
	}
	if known, expected := s.seen.note(sig.id); known {
		s.count(func(n *PushStats) { n.Repeated++ })
		if !expected { // or it is another one, from a server whose IDs have begun anew
			s.resync()
		}
		return
	}
	err := sig.err
	if err == nil {
		err = s.apply(sig)
	}
	if err != nil && s.ctx.Err() != nil {
		return // it ended with the stream
	}
	if sig.id != "" {
		s.advance(sig.id)
	}
	s.count(func(n *PushStats) { n.Events++ })
	if err != nil {
		s.count(func(n *PushStats) { n.Failed++ })
		s.c.report("push "+s.name, err)
		s.resync()
	}
}

func (s *stream) apply(sig pushSignal) error {
	s.c.governor.applying.Add(1)
	defer s.c.governor.applying.Add(-1)
	return protect(func() error { return sig.on(s.run.ctx) })
}

// advance lets the next run begin behind the event with the given ID.
func (s *stream) advance(id string) {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	s.last = id
}

func (s *stream) count(more func(*PushStats)) {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	more(&s.stats)
}
