package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/freshet-go/freshet/internal/bench/measure"
	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

// soak is what the command line says.
type soak struct {
	entries, polled   int
	interval, lasting time.Duration
}

const (
	allowance     = 0.05      // of the heap at the start, and of what was added to it
	everAllowed   = 256 << 10 // bytes: the runtime keeps what goroutines were made of
	doneAllowance = 0.95      // of the polls that are due
	perTenant     = 1000
	bustle        = 10 * time.Millisecond // between bursts of reads and writes
	burst         = 100
)

// run prints what it sees, and returns what is not as it should be.
func (s soak) run(ctx context.Context) (faults []string, err error) {
	goroutines := runtime.NumGoroutine()
	l := &load{soak: s, values: make([]int, s.entries)}
	for i := range s.entries {
		l.keys = append(l.keys, querykey.Of("tenant", i/perTenant, "order", i))
	}
	c, err := query.New(query.Config{})
	if err != nil {
		return nil, err
	}
	l.c = c
	fmt.Printf("%d entries, %d polled each %v, for %v\n\n| | heap MiB | goroutines | entries | polls |\n|---|--:|--:|--:|--:|\n",
		s.entries, s.polled, s.interval, s.lasting)
	start := l.line("start")
	if err := l.fill(); err != nil {
		return nil, err
	}
	l.observe()
	filled := l.line("filled")
	var polls int64 // but for those while everything is looked at, which takes seconds
	var lasted time.Duration
	for part := 1; part <= 4; part++ {
		before, from := l.polls.Load(), time.Now()
		if err := l.bustle(ctx, s.lasting/4); err != nil {
			return nil, err
		}
		polls, lasted = polls+l.polls.Load()-before, lasted+time.Since(from)
		l.line(fmt.Sprintf("after %v", (s.lasting * time.Duration(part) / 4).Round(time.Second/10)))
	}
	due := float64(s.polled) * float64(lasted) / float64(s.interval)
	for _, stop := range l.stops {
		stop()
	}
	l.stops = nil
	c.Clear()
	cleared := l.line("cleared")
	if left := len(c.Entries(query.Filter{})); left > 0 {
		faults = append(faults, fmt.Sprintf("%d entries left", left))
	}
	if err := c.Close(ctx); err != nil {
		return nil, err
	}
	closed := l.line("closed")
	left, added := cleared.heap-start.heap, filled.heap-start.heap
	fmt.Printf("\nheap after Clear %.3f × the start, %.2f %% of what was added is left, %.0f %% of the polls that were due\n",
		cleared.heap/start.heap, 100*left/added, 100*float64(polls)/due)
	if left > max(everAllowed, allowance*min(start.heap, added)) {
		faults = append(faults, fmt.Sprintf("%.0f bytes left", left))
	}
	if closed.goroutines > goroutines {
		faults = append(faults, fmt.Sprintf("%d goroutines left", closed.goroutines-goroutines))
	}
	if float64(polls) < doneAllowance*due {
		faults = append(faults, fmt.Sprintf("%d of %.0f polls", polls, due))
	}
	runtime.KeepAlive(l)
	return faults, nil
}

// load is what the client has to do.
type load struct {
	soak

	c      *query.Client
	keys   []querykey.Key // made before, as a program has them
	values []int
	polls  atomic.Int64
	stops  []func()
}

// sight is what there is at some time.
type sight struct {
	heap       float64 // bytes
	goroutines int
}

func (l *load) line(when string) sight {
	live, goroutines := measure.Memory(), runtime.NumGoroutine()
	fmt.Printf("| %s | %.2f | %d | %d | %d |\n", when, float64(live.Heap)/(1<<20), goroutines,
		len(l.c.Entries(query.Filter{})), l.polls.Load())
	return sight{float64(live.Heap), goroutines}
}

func (l *load) order(i int) query.Query[*int] {
	return query.Query[*int]{
		Key:    l.keys[i],
		Policy: query.Policy{StaleTime: query.StaleAfter(time.Hour), GCTime: query.GCAfter(time.Hour)},
	}
}

func (l *load) fill() (err error) {
	for i := range l.entries {
		err = errors.Join(err, query.Set(l.c, l.order(i), &l.values[i]))
	}
	return err
}

// observe has keys polled, spread over one interval. Every tenth answer is news.
func (l *load) observe() {
	start := time.Now()
	for i := range l.polled {
		n := 0
		q := query.Query[int]{
			Key: querykey.Of("polled", i),
			Fetch: func(context.Context) (int, error) {
				l.polls.Add(1)
				n++
				return n / 10, nil
			},
			Policy: query.Policy{
				StaleTime: query.StaleAfter(time.Hour), RefetchInterval: query.Every(l.interval), RefetchIntervalInBackground: query.On,
			},
		}
		l.stops = append(l.stops, query.Observe(l.c, q).Subscribe(func(query.Result[int]) {}))
		if at := time.Duration(i) * l.interval / time.Duration(l.polled); i%100 == 0 {
			time.Sleep(time.Until(start.Add(at)))
		}
	}
	time.Sleep(time.Until(start.Add(l.interval)))
}

// bustle reads, writes and invalidates for a while.
func (l *load) bustle(ctx context.Context, lasting time.Duration) error {
	for end := time.Now().Add(lasting); time.Now().Before(end); time.Sleep(bustle) {
		for range burst {
			i := rand.IntN(l.entries) //nolint:gosec // any will do
			query.Get(l.c, l.order(i))
			if err := query.Set(l.c, l.order(i), &l.values[i]); err != nil {
				return err
			}
		}
		err := l.c.Invalidate(ctx, query.Filter{
			Key:     querykey.Of("tenant", rand.IntN(l.entries/perTenant+1)), //nolint:gosec // any will do
			Refetch: query.RefetchOptions{Type: query.RefetchNone},
		})
		if err != nil {
			return err
		}
	}
	return nil
}
