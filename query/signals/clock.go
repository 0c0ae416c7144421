package signals

import (
	"time"

	"github.com/freshet-go/freshet/internal/sched"
)

// Clock is the time that a source waits by. A *[query.Client] is one, so that a
// test that owns the client's time owns that of its sources; its timers end with
// it. Nil stands for the clock of the system.
type Clock interface {
	// Now returns the present time.
	Now() time.Time
	// AfterFunc calls f once d has passed, on another goroutine, unless stop is called
	// before, which reports whether it was. f does not block.
	AfterFunc(d time.Duration, f func()) (stop func() bool)
}

// system is the clock of the system.
type system struct{ sched *sched.Scheduler }

func (s system) Now() time.Time { return s.sched.Now() }

func (s system) AfterFunc(d time.Duration, f func()) (stop func() bool) {
	return s.sched.AfterFunc(d, f).Stop
}

// orSystem is c, or the clock of the system if there is none.
func orSystem(c Clock) Clock {
	if c == nil {
		return system{sched.New(nil)}
	}
	return c
}
