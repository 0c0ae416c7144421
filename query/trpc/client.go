package trpc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"

	"github.com/benbjohnson/clock"

	"github.com/freshet-go/freshet/internal/sched"
	"github.com/freshet-go/freshet/query"
)

const defaultMaxResponseBytes = 16 << 20

// Config describes a client. Only URL is required; the zero value of every
// other field is a sensible default. The client keeps a copy, so changing a
// Config after [New] has no effect.
type Config struct {
	// URL is the address of the tRPC router, such as https://host/trpc. A query
	// string in it is sent in front of the parameters of every call. One
	// trailing slash is ignored.
	URL string

	// HTTP carries the requests. Nil means a client of its own without an
	// overall timeout: contexts bound calls. Redirects are never followed, even
	// if this client would, since they turn a POST into a GET.
	HTTP *http.Client

	// Header returns what is sent with a call, besides authorization. It is
	// asked once per call with the caller's context and may run concurrently.
	// Calls whose headers differ do not share a batch, so values that are new
	// for every call, trace ids say, belong in an http.RoundTripper instead.
	// Beware of Idempotency-Key: it makes net/http repeat a POST by itself.
	Header func(ctx context.Context) (http.Header, error)

	// Auth provides the bearer token. Nil means that calls are anonymous.
	Auth Auth

	// Batch tunes how calls are collected into requests.
	Batch Batch

	// Transformer translates values. Nil means plain JSON. It must be the one
	// the server uses, which the protocol has no way to announce.
	Transformer Transformer

	// MaxResponseBytes limits the body of one response after decompression, a
	// whole batch counted together, and one event of a subscription. Zero means
	// 16 MiB.
	MaxResponseBytes int64

	// Push tunes subscriptions.
	Push Push

	// Clock times the batch window, and the delays and timeouts of subscriptions.
	// Nil means the system clock.
	Clock clock.Clock

	// Links wrap every call, the first one outermost. Headers and the token are
	// added behind them, where they cannot leak into a log.
	Links []Link
}

// Client calls the procedures of one tRPC server. It is made by [New], may be
// used concurrently, and owns its goroutines: [Client.Close] waits for them.
type Client struct {
	transformer Transformer
	handler     Handler
	streams     StreamHandler
	batcher     *batcher // nil without batching
	life        *lifetime
	sched       *sched.Scheduler
	stats       *counters
	idle        func() // closes idle connections that are the client's own
}

// New returns a client for the server at cfg.URL. It sends nothing and starts
// no goroutine. The error tells which field of cfg is invalid.
func New(cfg Config) (*Client, error) {
	base, err := parseBase("Config.URL", cfg.URL)
	if err != nil {
		return nil, err
	}
	if cfg.MaxResponseBytes < 0 {
		return nil, errors.New("trpc: negative MaxResponseBytes")
	}
	batch, err := cfg.Batch.withDefaults()
	if err != nil {
		return nil, err
	}
	push, err := cfg.Push.withDefaults()
	if err != nil {
		return nil, err
	}
	pushBase, err := push.base(base)
	if err != nil {
		return nil, err
	}
	c := &Client{
		transformer: cfg.Transformer,
		life:        newLifetime(context.Background()),
		sched:       sched.New(cfg.Clock),
		stats:       &counters{},
	}
	if c.transformer == nil {
		c.transformer = plainJSON{}
	}
	end := &terminal{
		base:        base,
		transformer: c.transformer,
		maxBytes:    cfg.MaxResponseBytes,
		now:         c.sched.Now,
		stats:       c.stats,
	}
	if end.maxBytes == 0 {
		end.maxBytes = defaultMaxResponseBytes
	}
	end.http, c.idle = httpClient(cfg.HTTP)
	var auth *refresher
	if cfg.Auth != nil {
		auth = &refresher{auth: cfg.Auth, life: c.life}
	}
	c.handler = c.chain(cfg, batch, end, auth)
	pushEnd := *end
	pushEnd.base = pushBase
	pushEnd.http = endless(end.http)
	p := &pusher{settings: push, header: cfg.Header, auth: auth, t: &pushEnd, sched: c.sched, life: c.life}
	p.source = c.source(p, batch)
	c.streams = p.follow
	for _, link := range slices.Backward(push.Links) {
		if link != nil {
			c.streams = link(c.streams)
		}
	}
	return c, nil
}

// endless returns the client without its overall timeout.
func endless(given *http.Client) *http.Client {
	own := *given
	own.Timeout = 0
	return &own
}

func (c *Client) source(p *pusher, batch Batch) source {
	if p.settings.Transport == WebSocket {
		return &wsSource{pusher: p, conns: map[string]*wsConn{}}
	}
	return &sseSource{t: p.t, settings: p.settings, sched: p.sched, maxURL: batch.MaxURLLength}
}

// chain composes the way of a call, innermost first.
func (c *Client) chain(cfg Config, batch Batch, end *terminal, auth *refresher) Handler {
	var h Handler
	if batch.Mode == BatchOff {
		h = singly(end, batch, c.life)
	} else {
		c.batcher = newBatcher(end, batch, c.sched, c.life)
		h = c.batcher.handle
	}
	if auth != nil {
		h = authorize(auth)(h)
	}
	if cfg.Header != nil {
		h = addHeader(cfg.Header)(h)
	}
	for _, link := range slices.Backward(cfg.Links) {
		if link != nil {
			h = link(h)
		}
	}
	return h
}

// Close refuses new calls with [ErrClosed], ends all subscriptions, sends what
// is waiting for its batch and waits until every running call and every loop
// over events has ended. When ctx is done first, it
// cancels the running requests and returns the cause of ctx at once; calling
// Close again then waits for their end. Closing a closed client does nothing.
func (c *Client) Close(ctx context.Context) error {
	if c == nil {
		return nil
	}
	c.life.refuse()
	c.life.quit(ErrClosed)
	if c.batcher != nil {
		c.batcher.flushAll()
	}
	if !c.life.waitIdle(ctx) {
		c.life.cancel(ErrClosed)
		return fmt.Errorf("trpc: close: %w", contextError(ctx))
	}
	c.life.cancel(ErrClosed)
	c.sched.Close()
	c.idle()
	return nil
}

// call runs one procedure: it encodes in, passes the call down the links and
// decodes the result into out.
func (c *Client) call(ctx context.Context, op Op, in, out any) (err error) {
	if c == nil {
		return errors.New("trpc: call on a nil *Client")
	}
	if !c.life.begin() {
		return fmt.Errorf("trpc: %s: %w", op.Path, ErrClosed)
	}
	defer c.life.end()
	// Marshalers, links and hooks are the caller's code.
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("trpc: %s: %w", op.Path, &PanicError{Value: v, Stack: debug.Stack()})
		}
	}()
	c.stats.calls.Add(1)
	if op.Input, err = encodeInput(c.transformer, in); err != nil {
		return fmt.Errorf("trpc: %s: encode input: %w", op.Path, err)
	}
	answer, err := c.handler(ctx, op)
	if err != nil {
		return err
	}
	if info, ok := query.FetchInfoFrom(ctx); ok {
		info.Received(len(answer.Data), answer.Batched)
	}
	return c.decode(op, answer.Data, out)
}

func (c *Client) decode(op Op, data json.RawMessage, out any) error {
	if data == nil { // undefined: out stays zero
		return nil
	}
	if err := decodeInto(c.transformer, data, out); err != nil {
		return &DecodeError{Procedure: op.Path, Err: err}
	}
	return nil
}

// Stats returns what the client has done so far. It may be called at any time,
// also after Close; the counters are read one by one, so a request that ends
// meanwhile may be in some of them only.
func (c *Client) Stats() Stats { return c.stats.snapshot() }
