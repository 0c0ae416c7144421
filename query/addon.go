package query

import "time"

// AfterFunc calls f once d has passed by the client's clock, unless stop is
// called or the client is closed before. It is for add-ons, whose time is that of
// their client. f is called where all timers of the client are, one at a time, so
// it must not block. stop reports whether it kept f from being called.
func (c *Client) AfterFunc(d time.Duration, f func()) (stop func() bool) {
	if f == nil {
		c.report("AfterFunc", ErrNilCallback)
		return func() bool { return false }
	}
	return c.sched.AfterFunc(d, f).Stop
}

// Closed reports whether Close was called. What was read from the cache before
// Closed returned false was there while the client was open: closing ends the
// mutations that wait, so that what is read later lacks them.
func (c *Client) Closed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}
