package trpc

import (
	"sync"
	"time"

	"github.com/freshet-go/freshet/internal/sched"
)

// watchdog calls bite unless it is fed in time. The zero duration lets it sleep.
type watchdog struct {
	sched *sched.Scheduler
	bite  func()

	mu    sync.Mutex
	timer *sched.Timer
}

// feed gives it patience for d from now on.
func (w *watchdog) feed(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case d == 0:
		w.timer.Stop()
	case w.timer == nil:
		w.timer = w.sched.AfterFunc(d, w.bite)
	default:
		w.timer.Reset(d)
	}
}
