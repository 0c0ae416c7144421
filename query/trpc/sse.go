package trpc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/freshet-go/freshet/internal/sched"
)

// sseSource subscribes by an HTTP request for each subscription.
type sseSource struct {
	t        *terminal // with the address of subscriptions
	settings Push
	sched    *sched.Scheduler
	maxURL   int
}

// sseFeed reads on the goroutine of the consumer, which thereby holds the server
// back when it is slow.
type sseFeed struct {
	source *sseSource
	op     Op
	got    response
	body   io.Closer
	ctx    context.Context //nolint:containedctx // that of the request
	stop   context.CancelCauseFunc
	dog    *watchdog
	events *sseReader
	quiet  time.Duration // the silence allowed; 0 means any
	first  *pushed       // the value that came instead of a greeting
	err    error         // the end that did
}

func (s *sseSource) open(ctx context.Context, op Op, token string) (opened feed, err error) {
	f := &sseFeed{source: s, op: op, quiet: s.settings.Inactivity}
	f.ctx, f.stop = context.WithCancelCause(ctx)
	f.dog = &watchdog{sched: s.sched, bite: func() { f.stop(ErrInactive) }}
	defer func() {
		if err != nil {
			f.close()
		}
	}()
	req, err := s.request(f.ctx, op, token)
	if err != nil {
		return nil, err
	}
	f.dog.feed(s.settings.ConnectTimeout)
	s.t.stats.request(1, 0)
	resp, err := s.t.http.Do(req) //nolint:bodyclose // f.close does
	if err != nil {
		s.t.stats.broken.Add(1)
		return nil, s.t.broken(op, 0, f.cause(err))
	}
	f.got = response{status: resp.StatusCode, header: resp.Header}
	f.body = resp.Body
	s.t.stats.response(resp)
	media, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil || media != "text/event-stream" || resp.StatusCode != http.StatusOK {
		return nil, f.refusal(resp)
	}
	f.events = newSSEReader(resp.Body, s.t.maxBytes, func() { f.dog.feed(f.quiet) })
	f.quiet = s.settings.ConnectTimeout // until it has begun
	greeting, err := f.event()
	if err != nil {
		return nil, err
	}
	f.quiet = s.settings.Inactivity
	if greeting.name == "connected" {
		f.greeted(greeting.data)
	} else if value, ok, err := f.meaning(greeting); ok || err != nil {
		f.first, f.err = &value, err
	}
	return f, nil
}

// request makes the request of a subscription, with the place to go on behind.
func (s *sseSource) request(ctx context.Context, op Op, token string) (*http.Request, error) {
	r := request{ops: []Op{op}}
	if s.settings.Params != nil {
		params, err := s.settings.Params(ctx, token)
		if err != nil {
			return nil, fmt.Errorf("trpc: %s: connection params: %w", op.Path, err)
		}
		if params != nil {
			if r.params, err = json.Marshal(params); err != nil {
				return nil, fmt.Errorf("trpc: %s: connection params: %w", op.Path, err)
			}
		}
	}
	inHeader := headerSafe(op.After)
	if !inHeader {
		r.after = op.After
	}
	if n := len(s.t.base.url(r)); n > s.maxURL {
		return nil, fmt.Errorf("trpc: %s: %w: %d bytes, Batch.MaxURLLength is %d", op.Path, ErrURLTooLong, n, s.maxURL)
	}
	req, err := s.t.base.newRequest(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("trpc: %s: %w", op.Path, err)
	}
	for name, value := range map[string]string{
		"Accept": "text/event-stream", "Accept-Encoding": "identity", "Cache-Control": "no-cache",
	} {
		if req.Header.Get(name) == "" {
			req.Header.Set(name, value)
		}
	}
	if op.After != "" && inHeader {
		req.Header.Set("Last-Event-Id", op.After)
	}
	return req, nil
}

// headerSafe reports whether an ID arrives in a header as it was sent.
func headerSafe(id string) bool {
	return !strings.ContainsFunc(id, func(r rune) bool { return r < ' ' || r > '~' }) && strings.TrimSpace(id) == id
}

// refusal is the error of a response that is no event stream.
func (f *sseFeed) refusal(resp *http.Response) error {
	t := f.source.t
	body, err := t.read(resp)
	switch {
	case errors.Is(err, ErrResponseTooLarge):
		return t.foreign(f.op, f.got, err)
	case err != nil:
		t.stats.broken.Add(1)
		return t.broken(f.op, f.got.status, f.cause(err))
	}
	f.got.body = body
	out := t.verdict(f.op, f.got, body, f.got.status)
	if out.err == nil { // a query
		return t.foreign(f.op, f.got, ErrNotTRPC)
	}
	return out.err
}

// greeted takes the options that the server has for clients.
func (f *sseFeed) greeted(data []byte) {
	var options struct {
		Inactivity float64 `json:"reconnectAfterInactivityMs"`
	}
	asked := json.Unmarshal(data, &options) == nil && options.Inactivity > 0
	if asked && f.source.settings.Inactivity == 0 {
		f.quiet = time.Duration(min(options.Inactivity, float64(time.Hour/time.Millisecond))) * time.Millisecond
	}
}

func (f *sseFeed) next(context.Context) (pushed, error) {
	if f.first != nil {
		value, err := *f.first, f.err
		f.first = nil
		return value, err
	}
	for {
		e, err := f.event()
		if err != nil {
			return pushed{}, err
		}
		value, ok, err := f.meaning(e)
		if ok || err != nil {
			return value, err
		}
	}
}

// event waits for an event. The watchdog sleeps while nobody waits.
func (f *sseFeed) event() (sseEvent, error) {
	f.dog.feed(f.quiet)
	defer f.dog.feed(0)
	e, err := f.events.next()
	t := f.source.t
	switch {
	case errors.Is(err, ErrResponseTooLarge):
		return e, t.foreign(f.op, f.got, err)
	case err != nil:
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF // a clean end needs a return event
		}
		t.stats.broken.Add(1)
		return e, t.broken(f.op, f.got.status, f.cause(err))
	}
	t.stats.received.Add(f.events.size)
	return e, nil
}

// meaning returns the value that e brings, if it does.
func (f *sseFeed) meaning(e sseEvent) (value pushed, ok bool, err error) {
	t := f.source.t
	switch e.name {
	case "", "message":
		return pushed{id: e.id, data: e.data}, true, nil
	case "return":
		return value, false, errFinished
	case "serialized-error":
		shape, ok := parseError(e.data, t.transformer)
		if !ok {
			got := f.got
			got.body = e.data
			return value, false, t.foreign(f.op, got, ErrNotTRPC)
		}
		return value, false, t.refused(f.op, f.got, shape, 0)
	}
	return value, false, nil // ping, restore-id, and what later versions may add
}

// cause prefers the reason why the request was given up.
func (f *sseFeed) cause(err error) error {
	if errors.Is(context.Cause(f.ctx), ErrInactive) {
		return ErrInactive
	}
	return causeOf(f.ctx, err)
}

func (f *sseFeed) close() {
	f.dog.feed(0)
	f.stop(nil)
	if f.body != nil {
		_ = f.body.Close() // nothing is to be learned from it any more
	}
}
