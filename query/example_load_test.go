package query_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/freshet-go/freshet/query"
)

func ExampleAdaptive() {
	c, closing := open(query.Config{})
	defer closing()

	q := order("o-17")
	q.Policy.RefetchInterval = query.Adaptive{Min: 5 * time.Second, Max: time.Minute}.Interval()
	o := query.Observe(c, q)
	defer o.Subscribe(seen)()
	for r := range o.Results(context.Background()) {
		if r.IsSuccess() {
			break
		}
	}
	for _, f := range c.Explain(q.Key).Findings {
		if f.Reason == query.ReasonAdaptive {
			fmt.Println(f.Text)
		}
	}
	// Output:
	// fetching o-17
	// Its interval is adaptive: every 5s, as all is well.
}

// overloaded is an error that knows how long a server wants to be left alone.
type overloaded struct{ wait time.Duration }

func (o overloaded) Error() string { return "server is overloaded" }

func (o overloaded) Backpressure() (time.Duration, bool) { return o.wait, true }

func ExampleBackpressure() {
	err := fmt.Errorf("load orders: %w", overloaded{time.Minute})
	var told query.Backpressure
	if errors.As(err, &told) {
		fmt.Println(told.Backpressure())
	}
	// Output: 1m0s true
}

// Polls that are due within half a second of each other share a request, if the
// transport batches.
func ExampleTogether() {
	c, closing := open(query.Config{Together: query.Together{On: query.On, Window: 500 * time.Millisecond}})
	defer closing()

	q := order("o-17")
	q.Policy.RefetchInterval = query.Every(5 * time.Second)
	o := query.Observe(c, q)
	defer o.Subscribe(seen)()
	for r := range o.Results(context.Background()) {
		if r.IsSuccess() {
			fmt.Println("polled again in", time.Until(r.NextPollAt()).Round(time.Second))
			break
		}
	}
	// Output:
	// fetching o-17
	// polled again in 5s
}

// One of many is fetched at a time, the one somebody turned to last first.
func ExampleStorm() {
	c, closing := open(query.Config{Storm: query.Storm{Places: 1}})
	defer closing()

	for _, id := range []string{"o-1", "o-2"} {
		_, _ = query.Fetch(context.Background(), c, order(id))
	}
	_ = c.Refetch(context.Background(), query.Filter{})
	// Output:
	// fetching o-1
	// fetching o-2
	// fetching o-1
	// fetching o-2
}
