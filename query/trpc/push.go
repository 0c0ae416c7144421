package trpc

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Transport is how subscriptions travel.
type Transport uint8

// The transports of subscriptions. Version 10 servers know WebSocket only.
const (
	// SSE is an HTTP response without end for each subscription: server-sent
	// events. It is the zero Transport.
	SSE Transport = iota

	// WebSocket is one connection for all subscriptions of a user.
	WebSocket
)

const (
	defaultRetryMin       = time.Second
	defaultRetryMax       = 30 * time.Second
	defaultConnectTimeout = 30 * time.Second
	defaultPingInterval   = 30 * time.Second
	defaultPingTimeout    = 10 * time.Second
	defaultIdleTime       = 5 * time.Second
	defaultQueue          = 64
)

// Push tunes subscriptions. The zero value is server-sent events from
// Config.URL with the defaults below.
//
// A slow loop over events holds the server back: with SSE its own response, with
// WebSocket, once Queue is full, all subscriptions of the connection. One that
// does so for PingTimeout is cut off, with ErrSlowConsumer, and goes on behind
// its last event when it is ready; the others go on at once.
type Push struct {
	Transport Transport

	// URL is the address of the router for subscriptions, if it differs from
	// Config.URL. The schemes ws and wss are those of http and https.
	URL string

	// Params returns the connection params, with which servers identify browsers,
	// that cannot set headers. The token is that of Config.Auth, which is sent
	// as a header, too. It is asked for each connection, and may run concurrently.
	// With SSE the params are in the URL, and so in the logs of servers. Nil, as
	// well as a nil map, means none.
	Params func(ctx context.Context, token string) (map[string]string, error)

	// RetryMin and RetryMax bound the delay before a lost connection is made
	// again: the n-th is random below RetryMin doubled n times, at most RetryMax.
	// Zero means 1 and 30 seconds.
	RetryMin, RetryMax time.Duration

	// ConnectTimeout is how long a subscription may take to begin. Zero means 30
	// seconds.
	ConnectTimeout time.Duration

	// Inactivity is the silence after which an SSE connection is given up. Zero
	// means what the server asks for, which may be nothing. Servers that send no
	// pings are silent while nothing happens.
	Inactivity time.Duration

	// PingInterval is the silence after which a WebSocket is asked for a sign of
	// life, and PingTimeout how long it may take to come. Zero means 30 and 10
	// seconds.
	PingInterval, PingTimeout time.Duration

	// IdleTime is how long a WebSocket without subscriptions is kept. Zero means
	// 5 seconds.
	IdleTime time.Duration

	// Queue is how many events a subscription over WebSocket has waiting. Zero
	// means 64.
	Queue int

	// Random returns numbers from 0 up to 1 for the delays, and may be called
	// concurrently. Nil means math/rand.
	Random func() float64

	// Links wrap every subscription, the first one outermost.
	Links []StreamLink
}

func (p Push) withDefaults() (Push, error) {
	if p.Transport > WebSocket {
		return p, fmt.Errorf("trpc: unknown Push.Transport %d", p.Transport)
	}
	for _, d := range []struct {
		value *time.Duration
		zero  time.Duration
	}{
		{&p.RetryMin, defaultRetryMin},
		{&p.RetryMax, max(defaultRetryMax, p.RetryMin)},
		{&p.ConnectTimeout, defaultConnectTimeout},
		{&p.Inactivity, 0},
		{&p.PingInterval, defaultPingInterval},
		{&p.PingTimeout, defaultPingTimeout},
		{&p.IdleTime, defaultIdleTime},
	} {
		if *d.value < 0 {
			return p, errors.New("trpc: negative value in Push")
		}
		if *d.value == 0 {
			*d.value = d.zero
		}
	}
	switch {
	case p.Queue < 0:
		return p, errors.New("trpc: negative value in Push")
	case p.RetryMax < p.RetryMin:
		return p, errors.New("trpc: Push.RetryMax is below RetryMin")
	case p.Queue == 0:
		p.Queue = defaultQueue
	}
	if p.Random == nil {
		p.Random = rand.Float64
	}
	return p, nil
}

// base returns the address for subscriptions.
func (p Push) base(calls base) (base, error) {
	if p.URL == "" {
		return calls, nil
	}
	text := p.URL
	if rest, ok := strings.CutPrefix(text, "ws"); ok && (strings.HasPrefix(rest, "://") || strings.HasPrefix(rest, "s://")) {
		text = "http" + rest
	}
	return parseBase("Push.URL", text)
}

// delay returns how long to wait before attempt n, counted from 0.
func (p Push) delay(n int) time.Duration {
	limit := p.RetryMin
	for range n {
		if limit >= p.RetryMax/2 {
			limit = p.RetryMax
			break
		}
		limit *= 2
	}
	return time.Duration(p.Random() * float64(limit))
}
