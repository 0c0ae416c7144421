package fleetsim

import (
	"errors"
	"fmt"
	"runtime"
	"time"
)

// Config is a run. Its result depends on nothing else, Cores aside.
type Config struct {
	Sellers int
	Seed    uint64
	Cores   int // to play on; zero means all

	// Changes is how many things change an hour, for each seller.
	Changes float64

	// The story: all sellers open their pages within Ramp and are left alone until
	// Warm; then it is measured for Steady. After that the server is down for Outage,
	// and watched for Recovery; and then all sellers have no network for Outage, and
	// are watched again. Whole slices of 100 ms all of them.
	Ramp, Warm, Steady, Outage, Recovery time.Duration

	// Near and Far are the shortest and the longest time for a request to travel to
	// the server and back.
	Near, Far time.Duration

	// RequestCost and CallCost are what the server works for a request, and for each
	// call in it; EventCost for an event that it pushes.
	RequestCost, CallCost, EventCost time.Duration
	// Headroom is how much more work the server can do than polling plainly makes.
	Headroom float64
	// MaxWait is the longest queue that it lets form. What would wait for longer is
	// refused with RetryAfter, in whole seconds.
	MaxWait, RetryAfter time.Duration

	Plan Plan
}

// Plan is what a fleet does to spare its server.
type Plan struct {
	Name string

	Batch     bool          // calls that are made at about the same time share a request
	Together  bool          // and polls are made at about the same time
	Jitter    time.Duration // query.Config.PollJitter
	Spread    time.Duration // query.Storm.Spread
	Selective bool          // what has not changed is not sent again
	Adaptive  bool          // intervals follow the server and the data
	Push      bool          // the server tells what changes
}

// How calls and polls find together.
const (
	batchWindow = 20 * time.Millisecond
	ridesWithin = time.Second
	safety      = time.Minute     // between polls while push is healthy
	listenAfter = 2 * time.Second // the pages were opened
)

// Plans returns the plans that are compared, each with all that the one before it
// has.
func Plans() []Plan {
	plans := make([]Plan, 6)
	plans[0] = Plan{Name: "naive"}
	add := func(i int, name string, more func(*Plan)) {
		plans[i] = plans[i-1]
		plans[i].Name = name
		more(&plans[i])
	}
	add(1, "batched", func(p *Plan) { p.Batch, p.Together = true, true })
	add(2, "spread", func(p *Plan) { p.Jitter, p.Spread = 5*time.Second, 20*time.Second })
	add(3, "selective", func(p *Plan) { p.Selective = true })
	add(4, "adaptive", func(p *Plan) { p.Adaptive = true })
	add(5, "push", func(p *Plan) { p.Push = true })
	return plans
}

// Default is a run of n sellers by the naive plan.
func Default(n int) Config {
	return Config{
		Sellers: n, Seed: 1, Changes: 30,
		Ramp: 10 * time.Second, Warm: 30 * time.Second, Steady: time.Minute, Outage: time.Minute, Recovery: 30 * time.Second,
		Near: 100 * time.Millisecond, Far: 300 * time.Millisecond,
		RequestCost: 100 * time.Microsecond, CallCost: 100 * time.Microsecond, EventCost: 20 * time.Microsecond,
		Headroom: 1.5, MaxWait: 2 * time.Second, RetryAfter: 5 * time.Second,
		Plan: Plans()[0],
	}
}

// maxSellers is more than anybody has time for.
const maxSellers = 100_000_000

// Check tells what is wrong with c.
func (c *Config) Check() error {
	switch {
	case c.Sellers < 1 || c.Sellers > maxSellers:
		return fmt.Errorf("fleetsim: %d sellers, must be from 1 to %d", c.Sellers, maxSellers)
	case c.Cores < 0:
		return fmt.Errorf("fleetsim: %d cores", c.Cores)
	case !(c.Changes >= 0 && c.Changes <= 3600):
		return fmt.Errorf("fleetsim: %g changes an hour, must be from 0 to 3600", c.Changes)
	case !(c.Headroom > 0 && c.Headroom <= 1000):
		return fmt.Errorf("fleetsim: headroom of %g, must be more than 0 and at most 1000", c.Headroom)
	case c.Near < slice || c.Far < c.Near || c.Far > 10*time.Second:
		return fmt.Errorf("fleetsim: requests travel for %v to %v, must be from %v to 10s", c.Near, c.Far, slice)
	case c.RequestCost <= 0 || c.CallCost < 0 || c.EventCost < 0:
		return errors.New("fleetsim: a request must cost something, and nothing less than nothing")
	case c.MaxWait < 0 || c.RetryAfter < 0 || c.RetryAfter%time.Second != 0:
		return errors.New("fleetsim: waits must not be negative, and RetryAfter is whole seconds")
	case c.Ramp > c.Warm:
		return fmt.Errorf("fleetsim: pages are opened within %v, but warm after %v", c.Ramp, c.Warm)
	}
	for _, d := range []time.Duration{c.Ramp, c.Warm, c.Steady, c.Outage, c.Recovery} {
		if d < time.Second || d > time.Hour || d%time.Second != 0 {
			return fmt.Errorf("fleetsim: a part of the story takes %v, must be whole seconds up to an hour", d)
		}
	}
	return nil
}

func (c *Config) cores() int {
	if c.Cores == 0 {
		return runtime.GOMAXPROCS(0)
	}
	return c.Cores
}

// story is when what happens.
type story struct {
	steady, down, up, cut, back, end time.Duration
}

func (c *Config) story() story {
	s := story{steady: c.Warm}
	s.down = s.steady + c.Steady
	s.up = s.down + c.Outage
	s.cut = s.up + c.Recovery
	s.back = s.cut + c.Outage
	s.end = s.back + c.Recovery
	return s
}

// isDown reports whether the server is down at t.
func (s *story) isDown(t time.Duration) bool { return t >= s.down && t < s.up }

// isCut reports whether the sellers have no network at t.
func (s *story) isCut(t time.Duration) bool { return t >= s.cut && t < s.back }

// breaks returns when the next outage after t begins.
func (s *story) breaks(t time.Duration) time.Duration {
	switch {
	case t < s.down:
		return s.down
	case t < s.cut:
		return s.cut
	default:
		return never
	}
}

// naiveWork is what plain polling costs a second, for one seller.
func (c *Config) naiveWork() time.Duration {
	travel := (c.Near + c.Far) / 2
	var each float64
	for p := range pages {
		each += float64(len(specs[p].calls)) * float64(c.RequestCost+c.CallCost) / (specs[p].poll + travel).Seconds()
	}
	return time.Duration(each)
}
