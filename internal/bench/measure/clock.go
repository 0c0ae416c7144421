package measure

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// CPU returns the processor time of this process so far, all threads together.
// Busy neighbours do not add to it, and what a cache does in the background
// does, so it is what contestants are compared by.
func CPU() time.Duration {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &now); err != nil {
		panic(fmt.Sprintf("bench: no clock of processor time: %v", err))
	}
	return time.Duration(now.Nano())
}

// Spent is what something took.
type Spent struct{ Wall, CPU time.Duration }

// Timed runs f.
func Timed(f func()) Spent {
	cpu, start := CPU(), time.Now()
	f()
	wall := time.Since(start)
	return Spent{Wall: wall, CPU: CPU() - cpu}
}

// Stopwatch counts nanoseconds from its making on a clock that never goes back.
type Stopwatch struct{ start time.Time }

// NewStopwatch starts at zero.
func NewStopwatch() Stopwatch { return Stopwatch{time.Now()} }

// Nanos returns the time since the start.
func (s Stopwatch) Nanos() int64 { return int64(time.Since(s.start)) }
