package conformance

import (
	"time"

	"github.com/benbjohnson/clock"
)

// alarmClock is the bubble's real clock for a client, and says so when one of
// the client's timers fires. Nothing happens in a client by itself but through
// its timers and the scripted functions, so the runner knows when to look.
type alarmClock struct {
	clock.Clock
	fired func()
}

// AfterFunc reports before it runs f: whoever waits for the report looks only
// after everything has settled.
func (c alarmClock) AfterFunc(d time.Duration, f func()) *clock.Timer {
	return c.Clock.AfterFunc(d, func() {
		c.fired()
		f()
	})
}
