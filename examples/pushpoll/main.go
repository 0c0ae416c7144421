// Command pushpoll shows, on a real clock and a real connection, what push does to
// polling: while a stream of events is healthy a query is not polled; when the stream
// is lost it is fetched at once and polled at its interval again; when the stream is
// back it is not. It exits with 1 if that is not what it sees.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/trpc"
	"github.com/freshet-go/freshet/querykey"
)

func main() {
	interval := flag.Duration("interval", time.Second/2, "of polling")
	flag.Parse()
	if err := run(context.Background(), *interval); err != nil {
		fmt.Fprintln(os.Stderr, "pushpoll:", err)
		os.Exit(1)
	}
}

// phase is how long each part of the show takes, in intervals.
const phase = 5

func run(ctx context.Context, interval time.Duration) (err error) {
	wall := clock.New()
	s, err := startShop(wall)
	if err != nil {
		return err
	}
	defer s.close()
	api, err := trpc.New(trpc.Config{URL: s.url, Push: trpc.Push{RetryMin: interval / 10, RetryMax: interval / 5}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, api.Close(ctx)) }()
	c, err := query.New(query.Config{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close(ctx)) }()

	o := query.Observe(c, query.Query[int]{
		Key:    querykey.Of("price"),
		Fetch:  s.price,
		Policy: query.Policy{RefetchInterval: query.Every(interval)},
	})
	changes := make(chan query.PushStatus, 16)
	last := query.PushNone
	defer o.Subscribe(func(r query.Result[int]) {
		if status := r.Push().Status; status != last {
			last = status
			changes <- status
		}
	})()
	_, err = query.Attach(c, query.Push[int]{
		Name:   "prices",
		Source: trpc.NewSubscription[trpc.NoInput, int]("price.onChanged").Source(api, trpc.NoInput{}),
		On: func(_ context.Context, c *query.Client, price int) error {
			return query.Set(c, query.Query[int]{Key: querykey.Of("price")}, price)
		},
		Covers: []query.Filter{{Key: querykey.Of("price")}},
	})
	if err != nil {
		return err
	}
	t := &timeline{clock: wall, shop: s, changes: changes, interval: interval, start: wall.Now()}
	return t.show()
}

// timeline prints what happens when.
type timeline struct {
	clock    clock.Clock
	shop     *shop
	changes  <-chan query.PushStatus
	interval time.Duration
	start    time.Time
}

func (t *timeline) say(format string, args ...any) {
	fmt.Printf("%6.2f s  %s\n", t.clock.Since(t.start).Seconds(), fmt.Sprintf(format, args...))
}

// until waits for push to have a status.
func (t *timeline) until(want query.PushStatus) {
	for status := range t.changes {
		if status == want {
			return
		}
	}
}

func (t *timeline) show() error {
	t.until(query.PushLive)
	if err := t.quiet("push is live"); err != nil {
		return err
	}

	cut := t.clock.Now()
	t.shop.refuse(true)
	t.say("the connection is cut, and new ones are refused")
	t.until(query.PushLost)
	t.clock.Sleep(phase * t.interval)
	polls := t.shop.since(cut)
	if len(polls) < phase {
		return fmt.Errorf("push was lost, and in %d intervals there were %d polls", phase, len(polls))
	}
	for i, at := range polls {
		t.say("poll %d, %v after the cut", i+1, at.Sub(cut).Round(time.Millisecond))
	}
	if late := polls[0].Sub(cut); late > t.interval {
		return fmt.Errorf("the first poll came %v after the cut, later than the interval of %v", late, t.interval)
	}

	t.shop.refuse(false)
	t.say("connections are accepted again")
	t.until(query.PushLive)
	return t.quiet("push is live again")
}

// quiet checks that nothing is polled while push is live. The one fetch that makes
// good for what was missed before is none.
func (t *timeline) quiet(why string) error {
	t.say("%s: polling waits a minute instead of %v", why, t.interval)
	t.clock.Sleep(t.interval / 2)
	from := t.clock.Now()
	t.clock.Sleep(phase * t.interval)
	if polls := t.shop.since(from); len(polls) > 0 {
		return fmt.Errorf("%s, and there were %d polls", why, len(polls))
	}
	t.say("no poll for %v", phase*t.interval)
	return nil
}
