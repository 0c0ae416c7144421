package signals_test

import (
	"sync"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// inBubble runs f in a bubble, where time passes when nothing else happens.
func inBubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, f)
}

// ear keeps what a source says.
type ear struct {
	mu   sync.Mutex
	list []bool
}

func (e *ear) set(v bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = append(e.list, v)
}

// heard returns what was said since the last call, once all is quiet.
func (e *ear) heard() []bool {
	synctest.Wait()
	e.mu.Lock()
	defer e.mu.Unlock()
	list := append([]bool{}, e.list...)
	e.list = nil
	return list
}

// loose is a source as careless as the contract allows: it says what the test has
// it say, stopped or not.
type loose struct {
	say   func(bool)
	first []bool // said while it is started
	stops int
}

func (l *loose) source(set func(bool)) (stop func()) {
	l.say = set
	for _, v := range l.first {
		set(v)
	}
	return func() { l.stops++ }
}
