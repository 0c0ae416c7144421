package seller

import (
	"math"
	"time"

	"github.com/freshet-go/freshet/query"
)

// pace turns the package's numbers into decisions: how long until the next poll,
// and whether to refetch or retry. Its functions look at the data and at the
// focus signal, and at nothing else.
type pace struct {
	focus     *query.Signal
	factor    float64
	intervals Intervals
	adaptive  bool
	now       func() time.Time
}

// every polls at one interval, stretched while hidden, or at one that adapts.
func (p pace) every(d time.Duration) query.RefetchInterval {
	switch {
	case p.adaptive && d < maxReturnAge:
		return query.Adaptive{Min: d, Max: maxReturnAge}.Interval()
	case p.adaptive:
		return query.Adaptive{Min: d, Max: 2 * d}.Interval()
	case p.factor == 1:
		return query.Every(d)
	}
	return query.EveryFunc(func(query.State[any]) time.Duration { return p.stretch(d) })
}

// bySales polls a list of sales by the liveliest order in it. Of a list that
// could not be loaded nothing is known, as of an unknown status.
func (p pace) bySales() query.RefetchInterval {
	return query.EveryFunc(func(s query.State[Page[Sale]]) time.Duration {
		chosen := p.intervals.Settled
		if !s.HasData() {
			chosen = p.intervals.Pending
		}
		for _, sale := range s.Data().Items {
			switch activityOf(sale.Status) {
			case moving:
				return p.stretch(p.intervals.Processing)
			case waiting:
				chosen = p.intervals.Pending
			case settled: // as long as there is nothing else
			}
		}
		return p.stretch(chosen)
	})
}

// byStatus polls a list of orders by the status that was asked for, which ends
// the key.
func (p pace) byStatus() query.RefetchInterval {
	return query.EveryFunc(func(s query.State[Page[Order]]) time.Duration {
		status, _ := s.Key().Part(s.Key().Len() - 1).(string)
		return p.stretch(p.ofStatus(OrderStatus(status)))
	})
}

// ofStatus is the pace at which an order of the status is worth watching.
func (p pace) ofStatus(status OrderStatus) time.Duration {
	switch activityOf(status) {
	case moving:
		return p.intervals.Processing
	case settled:
		return p.intervals.Settled
	default:
		return p.intervals.Pending
	}
}

func (p pace) stretch(d time.Duration) time.Duration {
	if p.factor == 1 || p.focus.Get() {
		return d
	}
	if long := float64(d) * p.factor; long < math.MaxInt64 {
		return time.Duration(long)
	}
	return math.MaxInt64
}

// ifStale refetches on return what is stale, and what is older than
// maxReturnAge. With stretched intervals it refetches all, because the timer of
// the next poll still runs at the pace of the background.
func (p pace) ifStale() query.RefetchPolicy {
	if p.factor > 1 {
		return query.Always
	}
	return query.RefetchFunc(func(s query.State[any]) query.RefetchMode {
		if p.age(s) > maxReturnAge {
			return query.Always
		}
		return query.IfStale
	})
}

// retries allows n retries, but none while hidden: a retry would wait for focus,
// and polling with it.
func (p pace) retries(n int) query.Retry {
	return query.RetryFunc(func(failure int, _ error) bool { return failure < n && p.focus.Get() })
}

// age is how old the data of s are by the client's clock.
func (p pace) age(s query.State[any]) time.Duration {
	return p.now().Sub(s.DataUpdatedAt())
}

// activity says how soon an order may change.
type activity uint8

const (
	waiting activity = iota // for somebody to do something; also unknown statuses
	moving
	settled
)

func activityOf(status OrderStatus) activity {
	switch status {
	case OrderProcessing, OrderShipped, OrderInTransit:
		return moving
	case OrderDelivered, OrderCompleted, OrderCancelled:
		return settled
	default:
		return waiting
	}
}
