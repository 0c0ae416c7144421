// Package bustest has the tests that every implementation of bus.Bus must pass.
//
//	func TestBroker(t *testing.T) {
//		bustest.Run(t, func(t *testing.T) (a, b bus.Bus) {
//			address := startBroker(t)
//			return dial(t, address), dial(t, address)
//		})
//	}
//
// The tests have no time limit of their own: a message that is lost makes them
// wait until that of go test.
package bustest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query/bus"
)

// Run runs the tests. join returns two ends of a new bus, as two processes would
// have them; they may be the same value. What they need is to be released by
// t.Cleanup.
func Run(t *testing.T, join func(t *testing.T) (a, b bus.Bus)) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(t *testing.T, a, b bus.Bus)
	}{
		{"messages reach both ends intact", testIntact},
		{"messages of one sender keep their order", testOrder},
		{"every subscriber hears everything", testSubscribers},
		{"who has stopped hears no more", testStop},
		{"a subscriber may stop itself", testStopInside},
		{"a context that is done ends publishing", testContext},
		{"all may be used at once", testConcurrent},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a, b := join(t)
			c.test(t, a, b)
		})
	}
}

// inbox keeps what a subscriber gets.
type inbox chan []byte

func listen(t *testing.T, b bus.Bus) (in inbox, stop func()) {
	t.Helper()
	in = make(inbox, 4096)
	stop, err := b.Subscribe(func(m []byte) { in <- m })
	require.NoError(t, err)
	t.Cleanup(stop)
	return in, stop
}

// from returns the next message that begins with prefix.
func (in inbox) from(prefix string) string {
	for m := range in {
		if bytes.HasPrefix(m, []byte(prefix)) {
			return string(m)
		}
	}
	return ""
}

func send(t *testing.T, b bus.Bus, text string) {
	t.Helper()
	require.NoError(t, b.Publish(t.Context(), []byte(text)))
}

func testIntact(t *testing.T, a, b bus.Bus) {
	inA, _ := listen(t, a)
	inB, _ := listen(t, b)
	large := "a" + string(bytes.Repeat([]byte("0123456789abcdef"), 64<<10/16))
	for _, text := range []string{"a", "a\n\r\n\x00\xff", `a{"v":1}`, large} {
		send(t, a, text)
		require.Equal(t, text, inB.from("a"))
		answer := "b" + text
		send(t, b, answer)
		require.Equal(t, answer, inA.from("b"))
	}
}

func testOrder(t *testing.T, a, b bus.Bus) {
	in, _ := listen(t, b)
	for i := range 1000 {
		send(t, a, fmt.Sprint("a", i))
	}
	for i := range 1000 {
		require.Equal(t, fmt.Sprint("a", i), in.from("a"))
	}
}

func testSubscribers(t *testing.T, a, b bus.Bus) {
	one, _ := listen(t, b)
	two, _ := listen(t, b)
	send(t, a, "a1")
	require.Equal(t, "a1", one.from("a"))
	require.Equal(t, "a1", two.from("a"))
}

func testStop(t *testing.T, a, b bus.Bus) {
	gone, stop := listen(t, b)
	in, _ := listen(t, b)
	send(t, a, "a1")
	require.Equal(t, "a1", gone.from("a"))
	require.Equal(t, "a1", in.from("a"))
	stop()
	stop()
	for i := range 10 {
		send(t, a, fmt.Sprint("a", i))
		require.Equal(t, fmt.Sprint("a", i), in.from("a"))
	}
	require.Empty(t, gone)
}

func testStopInside(t *testing.T, a, b bus.Bus) {
	in, _ := listen(t, b)
	heard := make(inbox, 1)
	stops := make(chan func(), 1)
	stop, err := b.Subscribe(func(m []byte) {
		(<-stops)()
		heard <- m
	})
	require.NoError(t, err)
	stops <- stop
	send(t, a, "a1")
	require.Equal(t, "a1", heard.from("a"))
	require.Equal(t, "a1", in.from("a"))
	send(t, a, "a2")
	require.Equal(t, "a2", in.from("a"))
	require.Empty(t, heard)
}

func testContext(t *testing.T, a, b bus.Bus) {
	in, _ := listen(t, b)
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	err := a.Publish(ctx, []byte("a1"))
	require.Error(t, err)
	require.True(t, errors.Is(err, cause) || errors.Is(err, context.Canceled), "%v", err)
	send(t, a, "a2")
	require.Equal(t, "a2", in.from("a"), "what failed was not sent")
}

func testConcurrent(t *testing.T, a, b bus.Bus) {
	const senders, each = 8, 50
	in, _ := listen(t, b)
	var work sync.WaitGroup
	errs := make(chan error, senders*each)
	for i := range senders {
		end := a
		if i%2 == 1 {
			end = b
		}
		work.Go(func() {
			stop, err := end.Subscribe(func([]byte) {})
			if err != nil {
				errs <- err
				return
			}
			defer stop()
			for n := range each {
				if err := a.Publish(t.Context(), fmt.Appendf(nil, "a%d %d", i, n)); err != nil {
					errs <- err
				}
			}
		})
	}
	work.Wait()
	require.Empty(t, errs)
	for range senders * each {
		in.from("a")
	}
}
