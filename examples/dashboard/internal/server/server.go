package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/freshet-go/freshet/seller"
)

// The account that the dashboard signs in as unless told otherwise. Token tok-<n> belongs to
// seller_<n>, up to Config.Sellers; tok-expired and tok-suspended are always refused.
const (
	DemoToken  = "tok-1"
	DemoSeller = "seller_1"
)

const basePath = "/trpc"

// ErrNotStartable is returned by Start when the server runs already or has been closed.
var ErrNotStartable = errors.New("server: started or closed before")

// Config says what the shop is like. The zero value is a shop of three sellers that changes
// only by what clients do.
type Config struct {
	// Seed decides the made-up data and how it changes. Default 1.
	Seed uint32

	// How much of everything each seller starts with. Defaults: 3 sellers with 120 orders,
	// 40 listings and 30 payouts each.
	Sellers, Orders, Listings, Payouts int

	// Epoch is the shop's time when the server is made; from there it moves with Clock.
	// Default: the time of Clock.
	Epoch time.Time

	// ChangeEvery is the pace at which something happens to every seller: an order comes
	// in or moves on, a payout is paid. Default: never.
	ChangeEvery time.Duration

	// Clock is the source of time and of delays. Default: the system's.
	Clock clock.Clock
}

func (c Config) withDefaults() Config {
	for _, size := range []struct {
		field    *int
		fallback int
	}{{&c.Sellers, 3}, {&c.Orders, 120}, {&c.Listings, 40}, {&c.Payouts, 30}} {
		if *size.field <= 0 {
			*size.field = size.fallback
		}
	}
	if c.Seed == 0 {
		c.Seed = 1
	}
	if c.Clock == nil {
		c.Clock = clock.New()
	}
	return c
}

// Server is a seller backend that speaks tRPC. It is an http.Handler for paths below /trpc;
// Start gives it a port of its own. All methods are safe for concurrent use.
type Server struct {
	cfg        Config
	procedures map[string]procedure
	store      *store
	trouble    *trouble
	tally      tally

	mu      sync.Mutex // guards what follows
	started bool
	closed  bool
	http    *http.Server
	stop    context.CancelFunc // ends Run as Start began it
	running sync.WaitGroup     // what Start began
}

// New makes a server with its data. It starts nothing: use it as an http.Handler, or call
// Start and later Close.
func New(cfg Config) *Server {
	cfg = cfg.withDefaults()
	return &Server{
		cfg:        cfg,
		procedures: procedures(),
		store:      newStore(cfg),
		trouble:    newTrouble(cfg.Clock),
	}
}

// Start listens on a free port of 127.0.0.1 and returns the base URL for clients, such as
// "http://127.0.0.1:40123/trpc". From then on the data changes at the configured pace. It
// fails with ErrNotStartable the second time, or with the error of listening.
func (s *Server) Start() (url string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.started || s.closed {
		return "", ErrNotStartable
	}
	ctx, stop := context.WithCancel(context.Background())
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		stop()
		return "", fmt.Errorf("server: %w", err)
	}
	s.started, s.stop = true, stop
	s.http = &http.Server{Handler: http.HandlerFunc(s.serveOwn), ReadHeaderTimeout: 10 * time.Second}
	s.running.Go(func() { _ = s.http.Serve(listener) }) // ends with ErrServerClosed, by Close
	s.running.Go(func() { s.Run(ctx) })
	return "http://" + listener.Addr().String() + basePath, nil
}

// Run lets the data change at the configured pace until ctx is done. Start does this by
// itself; it is for those who use the Server as a handler only. Without a pace it returns
// at once.
func (s *Server) Run(ctx context.Context) {
	if s.cfg.ChangeEvery <= 0 {
		return
	}
	for pause(ctx, s.cfg.Clock, s.cfg.ChangeEvery, nil) {
		s.store.step()
	}
}

// Step lets one thing happen to every seller, as one tick of Run does.
func (s *Server) Step() { s.store.step() }

// CreateOrder lets a buyer order something from the seller, and returns the pending order.
// It fails if there is no such seller.
func (s *Server) CreateOrder(sellerID string) (seller.Order, error) {
	return s.store.createOrder(sellerID)
}

// AdvanceOrder moves a seller's order to its next status, as a warehouse or a carrier does.
// It fails if there is no such order, or none that can advance.
func (s *Server) AdvanceOrder(sellerID, orderID string) (seller.Order, error) {
	return s.store.advanceOrder(sellerID, orderID)
}

// Close ends the server. Requests that are being held back are cut, others are answered.
// It returns when everything Start began has ended; if ctx is done first, open connections
// are cut and the error is that of ctx. Closing again, or what was never started, is fine.
func (s *Server) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	running, stop := s.http, s.stop
	s.mu.Unlock()

	s.trouble.close()
	if running == nil {
		return nil
	}
	stop()
	err := running.Shutdown(ctx)
	if err != nil {
		err = fmt.Errorf("server: closing: %w", errors.Join(err, running.Close()))
	}
	s.running.Wait()
	return err
}

// serveOwn is ServeHTTP for the requests of the server that Start began, which Close waits for.
func (s *Server) serveOwn(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		abort(w)
		return
	}
	s.running.Add(1) // under the lock, so never once Close has begun to wait
	s.mu.Unlock()
	defer s.running.Done()
	s.ServeHTTP(w, r)
}

// ServeHTTP answers a tRPC request, or does what the trouble that has been set demands.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, ok := strings.CutPrefix(r.URL.Path, basePath)
	if !ok || path != "" && path[0] != '/' {
		writePage(w, http.StatusNotFound, "text/html", notFoundPage)
		return
	}
	path = strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/")
	req := s.parse(r, path)
	number := s.tally.count(req)

	if !s.trouble.admit(r.Context()) {
		abort(w)
		return
	}
	fault := s.trouble.take(req)
	switch fault.Kind {
	case FailGateway:
		writePage(w, http.StatusBadGateway, "text/html", badGatewayPage)
	case FailRateLimit:
		w.Header().Set("retry-after", fault.seconds())
		writePage(w, http.StatusTooManyRequests, "text/plain", "Too Many Requests\n")
	case NoFault:
		if c := req.calls[0]; !req.batch && c.found && c.procedure.kind == subscription && r.Method == http.MethodGet {
			s.stream(w, r, c)
			return
		}
		fallthrough
	default:
		s.answer(w, r, req, meta{number: number, fault: fault})
	}
}

// abort cuts the connection without an answer.
func abort(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // net/http's own way to drop what cannot be taken over
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // a reset, as from a broken network; without it merely an end
	}
	_ = conn.Close() // nobody is left to tell
}
