package signals

import "sync"

// turns runs a function that is never run twice at a time: whoever wants it
// meanwhile has it run once more. As the function finds out by itself what there is
// to tell, the last that is told is the last that was so.
type turns struct {
	f func()

	mu      sync.Mutex // guards what follows
	idle    *sync.Cond // signalled when running turns false
	wanted  bool
	running bool
	stopped bool
}

func newTurns(f func()) *turns {
	t := &turns{f: f}
	t.idle = sync.NewCond(&t.mu)
	return t
}

// here runs the function before it returns, or leaves that to who runs it now.
func (t *turns) here() {
	if t.begin() {
		t.run()
	}
}

// apart runs the function on a goroutine that lasts as long as it is wanted.
func (t *turns) apart() {
	if t.begin() {
		go t.run()
	}
}

// begin wants a run and reports whether the caller has to see to it.
func (t *turns) begin() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopped {
		return false
	}
	t.wanted = true
	if t.running {
		return false
	}
	t.running = true
	return true
}

func (t *turns) run() {
	t.mu.Lock()
	defer t.mu.Unlock()
	defer func() { // even if the function panics
		t.running = false
		t.idle.Broadcast()
	}()
	for t.wanted && !t.stopped {
		t.wanted = false
		t.runUnlocked()
	}
}

func (t *turns) runUnlocked() {
	t.mu.Unlock()
	defer t.mu.Lock()
	t.f()
}

// stop ends it all and waits for a run that is under way.
func (t *turns) stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stopped = true
	for t.running {
		t.idle.Wait()
	}
}
