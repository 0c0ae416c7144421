package trpc_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query/trpc"
	"github.com/freshet-go/freshet/query/trpc/trpctest"
)

// proxy stands between a client and a server, and cuts connections.
type proxy struct {
	t        *testing.T
	listener net.Listener
	wg       sync.WaitGroup

	mu     sync.Mutex
	target string // where connections go; empty refuses them
	open   map[net.Conn]bool
	random *rand.Rand
	left   int // cuts to come
	done   int // cuts so far
}

// startProxy returns a proxy for the server which cuts as many connections,
// each after a random number of bytes to the client.
func startProxy(t *testing.T, s *trpctest.Server, cuts int, seed uint64) *proxy {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &proxy{t: t, listener: listener, open: map[net.Conn]bool{}, left: cuts, random: rand.New(rand.NewPCG(seed, seed))}
	p.forward(s)
	p.wg.Go(p.serve)
	t.Cleanup(func() {
		require.NoError(t, listener.Close())
		p.drop()
		p.wg.Wait()
	})
	return p
}

// forward sends connections to s from now on, or nowhere if s is nil, and cuts
// those that are open.
func (p *proxy) forward(s *trpctest.Server) {
	target := ""
	if s != nil {
		u, err := url.Parse(s.URL)
		require.NoError(p.t, err)
		target = u.Host
	}
	p.mu.Lock()
	p.target = target
	p.mu.Unlock()
	p.drop()
}

func (p *proxy) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.open {
		_ = conn.Close() // ends both directions
	}
}

// url returns address with the proxy in the place of the server.
func (p *proxy) url(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	u.Host = p.listener.Addr().String()
	return u.String()
}

func (p *proxy) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.wg.Go(func() { p.carry(client) })
	}
}

func (p *proxy) carry(client net.Conn) {
	p.mu.Lock()
	target, limit, reset := p.target, int64(1<<40), p.random.IntN(2) == 0
	p.mu.Unlock()
	defer client.Close()
	server, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer server.Close()
	p.keep(client, true)
	defer p.keep(client, false)
	if !p.leadsTo(target) { // it was forwarded meanwhile, and this was not there to be cut
		return
	}
	p.mu.Lock()
	if p.left > 0 {
		limit = 1 + p.random.Int64N(3000)
		p.left--
	}
	p.mu.Unlock()
	p.wg.Go(func() {
		_, _ = io.Copy(server, client) // ends with either of them
		_ = server.Close()
	})
	n, _ := io.CopyN(client, server, limit) // the same
	p.mu.Lock()
	switch {
	case n == limit:
		p.done++
	case limit < 1<<40:
		p.left++ // it ended by itself: another is cut for it
	}
	p.mu.Unlock()
	if n == limit {
		if tcp, ok := client.(*net.TCPConn); ok && reset {
			_ = tcp.SetLinger(0)
		}
	}
}

func (p *proxy) leadsTo(target string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.target == target
}

func (p *proxy) keep(conn net.Conn, open bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if open {
		p.open[conn] = true
	} else {
		delete(p.open, conn)
	}
}

func (p *proxy) cuts() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.done
}

// orderChange is an event of orderStatus.onOrderChanged.
type orderChange struct {
	Type    string `json:"type"`
	OrderID string `json:"orderId"`
	Status  string `json:"status"`
}

// orderBook is what a page shows of the orders: it follows the events, and reads
// everything anew when they have a gap.
type orderBook struct {
	t      *testing.T
	server *trpctest.Server
	next   func() rawEvent

	status  map[string]string
	ids     []string // of the events since the last gap
	resyncs int
}

// follow handles events until there is one of the order, or a gap that covers it.
func (b *orderBook) follow(order string) {
	b.t.Helper()
	for {
		e := b.next()
		var change orderChange
		switch e.Kind {
		case trpc.EventConnected:
			b.reload()
			continue
		case trpc.EventData:
			require.NoError(b.t, e.Err)
			require.NoError(b.t, json.Unmarshal(e.Data, &change))
		case trpc.EventClosed:
			b.t.Fatalf("closed: %v", e.Err)
		default:
			continue
		}
		if change.Type == "resync" {
			b.resyncs++
			b.reload()
			return
		}
		b.ids = append(b.ids, e.ID)
		b.status[change.OrderID] = change.Status
		if change.OrderID == order {
			return
		}
	}
}

func (b *orderBook) reload() {
	b.t.Helper()
	b.ids = nil
	b.status = serverOrders(b.t, b.server)
}

// sellerOrders is what the control endpoint answers to "orders".
type sellerOrders struct {
	Orders []struct {
		ID     string `json:"id"`
		Status string `json:"status"`
	} `json:"orders"`
}

func (all sellerOrders) statuses() map[string]string {
	status := map[string]string{}
	for _, o := range all.Orders {
		status[o.ID] = o.Status
	}
	return status
}

func serverOrders(t *testing.T, s *trpctest.Server) map[string]string {
	t.Helper()
	var all sellerOrders
	s.Control("orders", map[string]any{"sellerId": "seller_1"}, &all)
	return all.statuses()
}

func createOrders(t *testing.T, s *trpctest.Server, n int) (last string) {
	t.Helper()
	var created struct {
		OrderIDs []string `json:"orderIds"`
	}
	s.Control("createOrder", map[string]any{"sellerId": "seller_1", "count": n}, &created)
	return created.OrderIDs[n-1]
}

// openBook subscribes through the proxy, to everything from the first event on.
func openBook(t *testing.T, s *trpctest.Server, p *proxy, push trpc.Push) *orderBook {
	t.Helper()
	direct := *s
	direct.URL = p.url(t, s.URL)
	if push.URL != "" {
		push.URL = p.url(t, push.URL)
	}
	c := realClient(t, &direct, trpc.Config{Push: push, Auth: trpc.BearerToken("tok-1")})
	b := &orderBook{t: t, server: s, status: serverOrders(t, s)}
	b.next = listenAfter(t.Context(), t, c, "orderStatus.onOrderChanged", "", "o1-0")
	return b
}

func TestChaos_everyEventComesOnceInOrder(t *testing.T) {
	t.Parallel()
	const cuts = 20
	overBoth(t, []string{"--event-log", "100000", "--orders", "5"}, func(t *testing.T, s *trpctest.Server, push trpc.Push) {
		const seed = 7
		p := startProxy(t, s, cuts, seed)
		b := openBook(t, s, p, push)
		random := rand.New(rand.NewPCG(seed, 2))
		created := 0
		for p.cuts() < cuts || created < 50 {
			n := 1 + random.IntN(4)
			created += n
			b.follow(createOrders(t, s, n))
		}
		require.Len(t, b.ids, created)
		for i, id := range b.ids {
			require.Equal(t, fmt.Sprintf("o1-%d", i+1), id)
		}
		require.Zero(t, b.resyncs)
		require.Equal(t, serverOrders(t, s), b.status)
		t.Logf("%d events over %d cuts: each once, in order", created, p.cuts())
	})
}

func TestChaos_restartedServerAsksForAResync(t *testing.T) {
	t.Parallel()
	overBoth(t, []string{"--orders", "5"}, func(t *testing.T, s *trpctest.Server, push trpc.Push) {
		p := startProxy(t, s, 0, 1)
		b := openBook(t, s, p, push)
		b.follow(createOrders(t, s, 7))
		require.Equal(t, serverOrders(t, s), b.status)
		for i := range 2 {
			restarted := trpctest.Start(t, "--orders", "9", "--seed", "2")
			b.server = restarted
			createOrders(t, restarted, 3-i) // under IDs that the first server gave to others
			p.forward(restarted)
			b.follow("none")
			require.Equal(t, i+1, b.resyncs)
			require.Equal(t, serverOrders(t, restarted), b.status)
			b.follow(createOrders(t, restarted, 3))
			require.Len(t, b.ids, 3)
			require.Equal(t, serverOrders(t, restarted), b.status)
		}
	})
}

func TestChaos_truncatedLogAsksForAResync(t *testing.T) {
	t.Parallel()
	overBoth(t, []string{"--orders", "5", "--event-log", "4"}, func(t *testing.T, s *trpctest.Server, push trpc.Push) {
		p := startProxy(t, s, 0, 1)
		b := openBook(t, s, p, push)
		b.follow(createOrders(t, s, 1))
		for i := range 3 {
			p.forward(nil)
			createOrders(t, s, 10)
			p.forward(s)
			b.follow("none")
			require.Equal(t, i+1, b.resyncs)
			require.Equal(t, serverOrders(t, s), b.status)
		}
		p.forward(nil)
		last := createOrders(t, s, 3) // these the log holds
		p.forward(s)
		b.follow(last)
		require.Equal(t, 3, b.resyncs)
		require.Len(t, b.ids, 3)
		require.True(t, strings.HasPrefix(b.ids[0], "o1-"))
		require.Equal(t, serverOrders(t, s), b.status)
	})
}
