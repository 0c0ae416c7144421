package signals

import (
	"slices"
	"sync"
)

// All is a source that says true while none of the others says false: focused and
// visible, or a network and no switch for working offline. Those that have said
// nothing yet do not count. It says nothing before one of them does.
func All(sources ...Source) Source {
	return func(set func(bool)) (stop func()) {
		a := &conjunction{against: make([]bool, len(sources))}
		tell := newTurns(func() { set(a.get()) })
		var stops []func()
		for i, s := range sources {
			stops = append(stops, s.start(func(v bool) {
				if a.hear(i, v) {
					tell.here()
				}
			}))
		}
		if a.complete() {
			tell.here()
		}
		return func() {
			tell.stop()
			for _, stop := range stops {
				stop()
			}
		}
	}
}

// conjunction is what several sources say together.
type conjunction struct {
	mu      sync.Mutex // guards what follows
	against []bool     // whose last word was false
	spoken  bool       // one has said something
	started bool       // all have been started: no one's first word is missing
}

// hear takes down what source i says and reports whether to pass the outcome on.
func (a *conjunction) hear(i int, v bool) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.against[i], a.spoken = !v, true
	return a.started
}

// complete says that all were started and reports whether one spoke meanwhile.
func (a *conjunction) complete() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.started = true
	return a.spoken
}

func (a *conjunction) get() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return !slices.Contains(a.against, true)
}
