package sched_test

import (
	"fmt"
	"sync"
	"time"

	"pgregory.net/rapid"
)

// engine is what a program runs on: a scheduler, or the model of one.
type engine interface {
	after(d time.Duration, f func()) timer
	pass(d time.Duration)
	age() time.Duration
	Close()
}

type timer interface {
	Reset(d time.Duration)
	Stop() bool
}

func (w *world) after(d time.Duration, f func()) timer { return w.AfterFunc(d, f) }

const (
	opAfter = "after" // a new timer takes the slot
	opReset = "reset"
	opStop  = "stop"
	opPass  = "pass"
	opClose = "close"
)

// op is one step of a program.
type op struct {
	Kind string
	Slot int
	D    time.Duration
	Then *op // opAfter: what the timer's function does when it fires first
}

const slots = 6

// program executes steps on an engine and keeps account of what happens.
type program struct {
	on engine

	mu     sync.Mutex // held during a step and during a timer's function
	timers [slots]timer
	armed  int
	trace  []string
}

func (p *program) run(steps []op) {
	for _, step := range steps {
		switch step.Kind {
		case opPass:
			p.on.pass(step.D)
		case opClose:
			p.on.Close()
		default:
			p.do(step)
		}
	}
}

func (p *program) do(step op) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.doLocked(step)
}

func (p *program) doLocked(step op) {
	timer := p.timers[step.Slot]
	switch {
	case step.Kind == opAfter:
		p.armed++
		p.timers[step.Slot] = p.on.after(step.D, p.function(p.armed, step.Then))
	case timer == nil:
	case step.Kind == opReset:
		timer.Reset(step.D)
	case step.Kind == opStop:
		p.traceLocked("stop %d: %t", step.Slot, timer.Stop())
	}
}

// function is what timer number id does.
func (p *program) function(id int, then *op) func() {
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.traceLocked("timer %d", id)
		if then != nil {
			step := *then
			then = nil // once, so that programs end
			p.doLocked(step)
		}
	}
}

func (p *program) traceLocked(format string, args ...any) {
	p.trace = append(p.trace, fmt.Sprintf("%v: ", p.on.age())+fmt.Sprintf(format, args...))
}

func (p *program) traced() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string{}, p.trace...)
}

// settled lets what is due happen after each of the steps, so that the order of
// steps and functions is certain.
func settled(steps []op) []op {
	var out []op
	for _, step := range steps {
		out = append(out, step, op{Kind: opPass})
	}
	return out
}

// steps generates programs with ties, delays of zero and less, and functions
// that arm, reset and stop timers, themselves included.
func steps() *rapid.Generator[[]op] {
	step := rapid.Custom(func(t *rapid.T) op {
		s := op{
			Kind: rapid.SampledFrom([]string{opAfter, opAfter, opReset, opStop, opPass}).Draw(t, "kind"),
			Slot: rapid.IntRange(0, slots-1).Draw(t, "slot"),
			D:    time.Duration(rapid.IntRange(-1, 6).Draw(t, "d")) * time.Millisecond,
		}
		if s.Kind == opAfter && rapid.Bool().Draw(t, "then") {
			s.Then = &op{
				Kind: rapid.SampledFrom([]string{opAfter, opReset, opStop}).Draw(t, "then kind"),
				Slot: rapid.IntRange(0, slots-1).Draw(t, "then slot"),
				D:    time.Duration(rapid.IntRange(-1, 3).Draw(t, "then d")) * time.Millisecond,
			}
		}
		if s.Kind == opPass {
			s.D = max(s.D, 0)
		}
		return s
	})
	return rapid.SliceOfN(step, 1, 60)
}

// plain is the model: a list without a clock.
type plain struct {
	time    time.Duration
	armed   int
	waiting []*plainTimer
	closed  bool
}

type plainTimer struct {
	on  *plain
	f   func()
	at  time.Duration
	seq int
}

func (p *plain) after(d time.Duration, f func()) timer {
	t := &plainTimer{on: p, f: f}
	t.Reset(d)
	return t
}

func (p *plain) age() time.Duration { return p.time }

func (p *plain) Close() { p.waiting, p.closed = nil, true }

func (p *plain) pass(d time.Duration) {
	end := p.time + d
	for {
		var next *plainTimer
		for _, t := range p.waiting {
			if t.at <= end && (next == nil || t.at < next.at || t.at == next.at && t.seq < next.seq) {
				next = t
			}
		}
		if next == nil {
			p.time = end
			return
		}
		p.time = next.at
		next.Stop()
		next.f()
	}
}

func (t *plainTimer) Reset(d time.Duration) {
	if t.on.closed {
		return
	}
	t.Stop()
	t.on.armed++
	t.at, t.seq = t.on.time+max(d, 0), t.on.armed
	t.on.waiting = append(t.on.waiting, t)
}

func (t *plainTimer) Stop() bool {
	for i, other := range t.on.waiting {
		if other == t {
			t.on.waiting = append(t.on.waiting[:i], t.on.waiting[i+1:]...)
			return true
		}
	}
	return false
}
