package docs_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/bus"
	"github.com/freshet-go/freshet/query/bus/bustest"
	"github.com/freshet-go/freshet/querykey"
)

func Example_sharing() {
	ctx := context.Background()
	shop, closeShop := open(query.Config{})
	office, closeOffice := open(query.Config{})
	arrived := make(chan struct{}, 8)
	stop := office.SubscribeEvents(query.EventOptions{Kinds: []query.EventKind{query.EventUpdated}},
		func(query.Event) { arrived <- struct{}{} })
	// [snippet local]
	local := new(bus.Local)
	a, err := bus.Attach(ctx, shop, local, bus.Options{})
	check(err)
	b, err := bus.Attach(ctx, office, local, bus.Options{})
	check(err)

	_, err = query.Fetch(ctx, shop, OrderByID("o-17"))
	check(err)
	<-arrived // at the other client
	order, ok := query.Get(office, OrderByID("o-17"))
	fmt.Println(order.Status, ok)
	// [end]
	stop()
	check(errors.Join(a.Close(ctx), b.Close(ctx)))
	closeShop()
	closeOffice()
	// Output:
	// GET order o-17
	// open true
}

// [snippet hub]

// ServeHub is what one of the processes does, or a process of its own.
func ServeHub(ctx context.Context, listener net.Listener, log *slog.Logger) error {
	hub := bus.Hub{Logger: log}
	return hub.Serve(ctx, listener)
}

// Listen makes the socket, in place of one that a crash has left.
func Listen(ctx context.Context, socket string) (net.Listener, error) {
	if err := os.Remove(socket); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return new(net.ListenConfig).Listen(ctx, "unix", socket)
}

// [end]

// [snippet join]

// Join shares the cache with the others until the connection is lost or ctx is
// done.
func Join(ctx context.Context, client *query.Client, socket string, log *slog.Logger) error {
	conn, err := bus.Dial(ctx, "unix", socket)
	if err != nil {
		return err
	}
	shared, err := bus.Attach(ctx, client, conn, bus.Options{
		Share:  func(key querykey.Key) bool { return !key.Matches(querykey.Of("session")) },
		Logger: log,
	})
	if err == nil {
		_ = client.Invalidate(ctx, query.Filter{}) // what changed meanwhile
		select {
		case <-conn.Done():
			err = conn.Err()
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
		ctx = context.WithoutCancel(ctx)
		err = errors.Join(err, shared.Close(ctx))
	}
	return errors.Join(err, conn.Close(ctx))
}

// [end]

func TestJoin_sharesUntilTheHubEnds(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "s")
	log := slog.New(slog.DiscardHandler)
	listener, err := Listen(t.Context(), socket)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- ServeHub(ctx, listener, log) }()

	number := query.Query[int]{Key: querykey.Of("n")}
	var clients []*query.Client
	for range 2 {
		client, err := query.New(query.Config{})
		require.NoError(t, err)
		clients = append(clients, client)
		fetched := make(chan struct{}, 8)
		q := query.Query[int]{Key: querykey.Of("session"), Fetch: func(context.Context) (int, error) {
			fetched <- struct{}{}
			return 0, nil
		}}
		defer query.Observe(client, q).Subscribe(func(query.Result[int]) {})()
		<-fetched
		go func() { ended <- Join(t.Context(), client, socket, log) }()
		<-fetched // again: it has joined
	}
	arrived := make(chan struct{}, 8)
	events := query.EventOptions{Key: number.Key, Kinds: []query.EventKind{query.EventUpdated}}
	defer clients[1].SubscribeEvents(events, func(query.Event) { arrived <- struct{}{} })()
	require.NoError(t, query.Set(clients[0], number, 7))
	<-arrived
	v, ok := query.Get(clients[1], number)
	require.True(t, ok)
	require.Equal(t, 7, v)

	cancel()
	for _, err := range []error{<-ended, <-ended, <-ended} {
		require.True(t, errors.Is(err, context.Canceled) || errors.Is(err, bus.ErrDisconnected), "%v", err)
	}
	for _, c := range clients {
		require.NoError(t, c.Close(t.Context()))
	}
	require.Error(t, Join(t.Context(), nil, socket, log), "the hub has gone")
}

// [snippet broker]

func TestBroker(t *testing.T) {
	bustest.Run(t, func(t *testing.T) (a, b bus.Bus) {
		broker := new(bus.Local) // yours
		return broker, broker
	})
}

// [end]
