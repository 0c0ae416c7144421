package conformance

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/freshet-go/freshet/query"
)

// run is one playing of a scenario. The steps are taken by one goroutine; what
// they start reports under mu and wakes that goroutine with happened.
type run struct {
	s     *Scenario
	ctx   context.Context //nolint:containedctx // it ends with the run
	clock *eventClock

	quirks query.Quirks

	start time.Time
	wake  chan struct{} // holds a token when something may have changed
	over  chan struct{} // closed at the end, for calls that never settle
	work  sync.WaitGroup

	world     world
	clients   map[string]*client
	observers map[string]*observed
	saved     map[string][]byte // dehydrated states

	step  int
	seen  seen
	trace list

	mu       sync.Mutex // guards what follows
	vars     object
	counts   map[string]int
	promises map[string]bool // whether it has settled
	log      events
	threw    map[context.Context]bool // mutations whose last callback threw at once
	fault    error                    // the first thing a scenario may never show
}

// client is a client of the library and its name in the trace.
type client struct {
	*query.Client
	id string
}

// observed is an observer of the scenario.
type observed struct {
	id      string
	client  *client
	watcher watcher
	watch   []string // paths for sameRefAt
	stop    func()   // nil without listener
}

// A watcher is an observer of any kind.
type watcher interface {
	// subscribe adds the listener told.
	subscribe(told func()) (stop func())
	// views returns everything it shows at the moment.
	views(r *run) []view
}

// view is a result as the trace has it.
type view struct {
	suffix    string // of the id
	fields    object
	base      object
	data      any // with its identity, absent if there is none
	selective bool
}

// Play runs the scenario against package query and returns its trace. It must
// be called in a testing/synctest bubble, which must not outlive it for long:
// when it returns, nothing of the scenario is left. The error is a step that
// cannot be played, or a promise of the library that was seen broken; the trace
// then ends there. All quirks are on, since query-core has them.
func (s *Scenario) Play() ([]any, error) { return s.play(false, quirks()) }

// PlayPlain is Play with the client's plain defaults. The scenarios that differ
// then are those that query/DIFFERENCES.md names.
func (s *Scenario) PlayPlain() ([]any, error) { return s.play(false, query.Quirks{}) }

// PlayCarefully is Play that looks at every single millisecond instead of those
// at which something is known to have happened. It is slow and must see the
// same.
func (s *Scenario) PlayCarefully() ([]any, error) { return s.play(true, quirks()) }

func quirks() query.Quirks {
	return query.Quirks{
		OrphanedObservers:     true,
		UncollectedAfterReset: true,
		StickySelectErrors:    true,
		RefilterInvalidated:   true,
		HangingCancel:         true,
		HangingResume:         true,
		StuckStaleFlag:        true,
		StrandedMutations:     true,
	}
}

func (s *Scenario) play(carefully bool, q query.Quirks) ([]any, error) {
	ctx, cancel := context.WithCancel(context.Background())
	r := &run{
		s: s, ctx: ctx, quirks: q,
		wake: make(chan struct{}, 1), over: make(chan struct{}),
		world:   world{online: true, changed: -1},
		clients: map[string]*client{}, observers: map[string]*observed{}, saved: map[string][]byte{},
		seen: newSeen(), vars: as[object](clone(s.vars)),
		counts: map[string]int{}, promises: map[string]bool{}, log: newEvents(), threw: map[context.Context]bool{},
	}
	r.clock = newEventClock(r.happened)
	r.start = r.clock.start
	defer r.work.Wait()
	defer r.end(cancel)
	if err := r.newClient("main", s.client); err != nil {
		return nil, err
	}
	for i, step := range s.steps {
		r.step = i
		if err := r.take(step, carefully); err != nil {
			return r.trace, fmt.Errorf("conformance: %s: steps[%d] %s (t=%v): %w", s.Name, i, step["do"], r.now(), err)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	pending := list{}
	for _, name := range sortedKeys(r.promises) {
		if !r.promises[name] {
			pending = append(pending, name)
		}
	}
	r.trace = append(r.trace, object{"end": r.now(), "pending": pending})
	return r.trace, r.fault
}

// take does one step, lets it settle and records what changed.
func (r *run) take(step object, carefully bool) error {
	var err error
	if step["do"] == "advance" {
		err = r.advance(time.Duration(as[float64](step["ms"]))*time.Millisecond, carefully)
	} else {
		err = r.do(step)
		r.clock.settle()
	}
	if err != nil {
		return err
	}
	return r.record()
}

// advance lets time pass and records each millisecond at which something
// happened, except the last, which the step itself records.
func (r *run) advance(d time.Duration, carefully bool) error {
	end := r.clock.passed() + d
	if carefully {
		for at := r.clock.passed() + time.Millisecond; at < end; at += time.Millisecond {
			r.clock.settleAt(at)
			if err := r.record(); err != nil {
				return err
			}
		}
	}
	reached := r.clock.reached(end)
	for {
		select {
		case <-reached:
			r.clock.settle()
			return nil
		case <-r.wake:
			r.clock.settle()
			if r.clock.passed() == end {
				return nil
			}
			if err := r.record(); err != nil {
				return err
			}
		}
	}
}

// happened says that something may have changed.
func (r *run) happened() {
	select {
	case r.wake <- struct{}{}:
	default: // the runner will look anyway
	}
}

// end takes everything down in the order in which nothing can start again.
func (r *run) end(cancel context.CancelFunc) {
	for _, o := range r.observers {
		if o.stop != nil {
			o.stop()
		}
	}
	close(r.over)
	cancel()
	for _, c := range r.clients {
		if err := c.Close(context.Background()); err != nil {
			panic(err) // only if its context ended
		}
	}
}

// now returns the virtual time in milliseconds.
func (r *run) now() float64 { return float64(r.clock.passed().Milliseconds()) }

// time returns the moment of a virtual time.
func (r *run) time(ms float64) time.Time {
	return r.start.Add(time.Duration(ms) * time.Millisecond)
}

// relative returns a moment as the trace has it, nil for never.
func (r *run) relative(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return float64(t.Sub(r.start).Milliseconds())
}

// broken notes the first promise of the library that did not hold.
func (r *run) broken(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fault == nil {
		r.fault = fmt.Errorf("conformance: %s: steps[%d] (t=%v): "+format, append([]any{r.s.Name, r.step, r.now()}, args...)...)
	}
}

// track runs work in a goroutine of its own and keeps its outcome under name.
func (r *run) track(name any, work func() any) {
	as, named := name.(string)
	if named {
		r.mu.Lock()
		r.promises[as] = false
		r.mu.Unlock()
	}
	r.work.Go(func() {
		outcome := work()
		r.mu.Lock()
		defer r.mu.Unlock()
		if named {
			r.promises[as] = true
			r.log.outcomes[as] = outcome
		}
		r.happened()
	})
}

// give makes v the value that the step returned.
func (r *run) give(v any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log.returned = append(r.log.returned, v)
}

func (r *run) observer(step object) (*observed, error) {
	o, ok := r.observers[as[string](step["id"])]
	if !ok {
		return nil, fmt.Errorf("no observer named %s", step["id"])
	}
	return o, nil
}

// observe adds an observer and its listener.
func (r *run) observe(step object, c *client, w watcher) {
	o := &observed{id: as[string](step["id"]), client: c, watcher: w}
	paths, _ := step["watch"].(list)
	for _, path := range paths {
		o.watch = append(o.watch, as[string](path))
	}
	r.observers[o.id] = o
	r.listen(o)
}

func (r *run) listen(o *observed) {
	o.stop = o.watcher.subscribe(func() {
		r.mu.Lock()
		r.log.told[o.id] = true
		r.mu.Unlock()
		r.happened()
	})
}

var errUnsupported = errors.New("not supported yet")

// unsupported fails a step that the library has no means for. It is never a
// skip.
func unsupported(step object) error { return fmt.Errorf("%w: %s", errUnsupported, step["do"]) }

// client returns the client that a step works on.
func (r *run) client(step object) (*client, error) {
	id, ok := step["client"].(string)
	if !ok {
		id = "main"
	}
	c, ok := r.clients[id]
	if !ok {
		return nil, fmt.Errorf("no client named %s", id)
	}
	return c, nil
}
