package trpc_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/trpc"
	"github.com/freshet-go/freshet/query/trpc/trpctest"
	"github.com/freshet-go/freshet/querykey"
)

var (
	chaosCuts = flag.Int("chaos.cuts", 25, "how many connections TestChaos_theCacheEndsUpAsTheServer cuts")
	chaosSeed = flag.Uint64("chaos.seed", 7, "of what TestChaos_theCacheEndsUpAsTheServer does")
)

// numbered is an event with its ID, which a push keeps to itself.
type numbered struct {
	ID     string
	Change orderChange
}

// ledger is a page that shows all orders by push, and keeps count of the events.
type ledger struct {
	t      *testing.T
	client *query.Client
	orders query.Query[map[string]string]
	next   func() (query.Result[map[string]string], bool)

	mu      sync.Mutex
	server  *trpctest.Server
	last    int // number of the last event
	applied int
	resyncs int
	wrong   []string // events that came twice, or too early
}

var errEventsLost = errors.New("the server has lost events")

// openLedger shows the orders of s, and follows its events through the proxy.
func openLedger(t *testing.T, s *trpctest.Server, p *proxy, push trpc.Push) *ledger {
	t.Helper()
	l := &ledger{t: t, server: s}
	client, err := query.New(query.Config{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close(context.WithoutCancel(t.Context()))) })
	l.client = client
	l.orders = query.Query[map[string]string]{Key: querykey.Of("orders"), Fetch: l.fetch}
	direct := *s
	direct.URL = p.url(t, s.URL)
	if push.URL != "" {
		push.URL = p.url(t, push.URL)
	}
	c := realClient(t, &direct, trpc.Config{Push: push, Auth: trpc.BearerToken("tok-1")})
	next, stop := iter.Pull(query.Observe(client, l.orders).Results(t.Context()))
	t.Cleanup(stop)
	l.next = next
	source := trpc.NewSubscription[json.RawMessage, orderChange]("orderStatus.onOrderChanged").Source(c, rawInput(""))
	detach, err := query.Attach(client, query.Push[numbered]{
		Name: "orders",
		Source: func(ctx context.Context, after string) iter.Seq[query.PushEvent[numbered]] {
			return number(source(ctx, after))
		},
		On:     l.on,
		Covers: []query.Filter{{Key: l.orders.Key}},
	})
	require.NoError(t, err)
	t.Cleanup(detach)
	return l
}

func number(events iter.Seq[query.PushEvent[orderChange]]) iter.Seq[query.PushEvent[numbered]] {
	return func(yield func(query.PushEvent[numbered]) bool) {
		for e := range events {
			if !yield(query.PushEvent[numbered]{Kind: e.Kind, ID: e.ID, Err: e.Err, Distinct: e.Distinct, Data: numbered{e.ID, e.Data}}) {
				return
			}
		}
	}
}

// fetch reads all orders past the proxy, for what is cut is the stream.
func (l *ledger) fetch(ctx context.Context) (map[string]string, error) {
	body := strings.NewReader(`{"op":"orders","sellerId":"seller_1"}`)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, l.current().ControlURL, body)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var all sellerOrders
	err = json.NewDecoder(resp.Body).Decode(&all)
	return all.statuses(), err
}

// on applies an event, and checks that it is the next.
func (l *ledger) on(_ context.Context, c *query.Client, e numbered) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, text, _ := strings.Cut(e.ID, "-")
	n, err := strconv.Atoi(text)
	if err != nil {
		return err
	}
	if e.Change.Type == "resync" { // it names the last event that it covers
		l.last = n
		l.resyncs++
		return errEventsLost
	}
	if l.last != 0 && n != l.last+1 {
		l.wrong = append(l.wrong, fmt.Sprintf("%d after %d", n, l.last))
	}
	l.last = n
	l.applied++
	return query.Update(c, l.orders, func(old map[string]string, _ bool) (map[string]string, bool) {
		changed := maps.Clone(old)
		if changed == nil {
			return nil, false // the first fetch will tell
		}
		changed[e.Change.OrderID] = e.Change.Status
		return changed, true
	})
}

func (l *ledger) current() *trpctest.Server {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.server
}

func (l *ledger) follow(s *trpctest.Server) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.server = s
}

// until waits until what is shown is as it should be.
func (l *ledger) until(good func(shown map[string]string) bool) {
	l.t.Helper()
	if r := query.Observe(l.client, l.orders).Current(); r.HasData() && good(r.Data()) {
		return
	}
	for {
		r, ok := l.next()
		require.True(l.t, ok)
		if r.HasData() && good(r.Data()) {
			return
		}
	}
}

// Connections are cut, the server's log forgets what was missed, and once another
// server takes the place of the first: the cache shows every event once and in order,
// or fetches, and in the end has what the server has. With -v it prints the figures.
func TestChaos_theCacheEndsUpAsTheServer(t *testing.T) {
	t.Parallel()
	flags := []string{"--event-log", "64", "--orders", "5"}
	overBoth(t, flags, func(t *testing.T, s *trpctest.Server, push trpc.Push) {
		p := startProxy(t, s, *chaosCuts, *chaosSeed)
		l := openLedger(t, s, p, push)
		l.until(func(shown map[string]string) bool { return len(shown) > 0 })
		random := rand.New(rand.NewPCG(*chaosSeed, 2))
		created, truncated, restarted := 0, 0, 0
		create := func(n int) string {
			created += n
			return createOrders(t, l.current(), n)
		}
		for round := 1; p.cuts() < *chaosCuts || truncated == 0; round++ {
			var last string
			switch {
			case restarted == 0 && p.cuts() >= *chaosCuts/2:
				restarted++
				l.follow(trpctest.Start(t, append(flags, "--seed", "2")...))
				last = create(3)
				p.forward(l.current())
			case round%10 == 0:
				truncated++
				p.forward(nil)
				last = create(80)
				p.forward(l.current())
			default:
				last = create(1 + random.IntN(4))
			}
			l.until(func(shown map[string]string) bool { return shown[last] != "" })
		}
		want := serverOrders(t, l.current())
		l.until(func(shown map[string]string) bool { return maps.Equal(shown, want) })

		l.mu.Lock()
		defer l.mu.Unlock()
		require.Empty(t, l.wrong)
		require.Equal(t, 1, restarted)
		require.Positive(t, l.applied)
		require.Positive(t, l.resyncs)
		t.Logf("seed %d: %d connections cut, %d times the log was truncated, %d restart: %d events, %d applied once and in order, "+
			"the others covered by %d resyncs; all %d orders of the server are shown, none was lost",
			*chaosSeed, p.cuts(), truncated, restarted, created, l.applied, l.resyncs, len(want))
	})
}
