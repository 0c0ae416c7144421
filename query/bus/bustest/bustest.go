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
	if err != nil {
		t.Fatalf("Subscribe: %v", err)
	}
	t.Cleanup(stop)
	return in, stop
}

// wants waits for the next message that begins as want does, which must be want.
// Messages of the other end are passed over.
func (in inbox) wants(t *testing.T, want string) {
	t.Helper()
	for m := range in {
		switch {
		case string(m) == want:
			return
		case bytes.HasPrefix(m, []byte(want[:1])):
			t.Fatalf("got message %.40q, want %.40q", m, want)
		}
	}
}

// isEmpty fails the test if there are messages.
func (in inbox) isEmpty(t *testing.T) {
	t.Helper()
	if len(in) > 0 {
		t.Fatalf("got message %.40q after stop", <-in)
	}
}

func send(t *testing.T, b bus.Bus, text string) {
	t.Helper()
	if err := b.Publish(t.Context(), []byte(text)); err != nil {
		t.Fatalf("Publish: %v", err)
	}
}

func testIntact(t *testing.T, a, b bus.Bus) {
	inA, _ := listen(t, a)
	inB, _ := listen(t, b)
	large := "a" + string(bytes.Repeat([]byte("0123456789abcdef"), 64<<10/16))
	for _, text := range []string{"a", "a\n\r\n\x00\xff", `a{"v":1}`, large} {
		send(t, a, text)
		inB.wants(t, text)
		answer := "b" + text
		send(t, b, answer)
		inA.wants(t, answer)
	}
}

func testOrder(t *testing.T, a, b bus.Bus) {
	in, _ := listen(t, b)
	for i := range 1000 {
		send(t, a, fmt.Sprint("a", i))
	}
	for i := range 1000 {
		in.wants(t, fmt.Sprint("a", i))
	}
}

func testSubscribers(t *testing.T, a, b bus.Bus) {
	one, _ := listen(t, b)
	two, _ := listen(t, b)
	own, _ := listen(t, a)
	send(t, a, "a1")
	own.wants(t, "a1")
	one.wants(t, "a1")
	two.wants(t, "a1")
}

func testStop(t *testing.T, a, b bus.Bus) {
	gone, stop := listen(t, b)
	in, _ := listen(t, b)
	send(t, a, "a1")
	gone.wants(t, "a1")
	in.wants(t, "a1")
	stop()
	stop()
	for i := range 10 {
		send(t, a, fmt.Sprint("a", i))
		in.wants(t, fmt.Sprint("a", i))
	}
	gone.isEmpty(t)
}

func testStopInside(t *testing.T, a, b bus.Bus) {
	in, _ := listen(t, b)
	heard := make(inbox, 1)
	stops := make(chan func(), 1)
	stop, err := b.Subscribe(func(m []byte) {
		(<-stops)()
		heard <- m
	})
	if err != nil {
		t.Fatalf("Subscribe: %v", err)
	}
	stops <- stop
	send(t, a, "a1")
	heard.wants(t, "a1")
	in.wants(t, "a1")
	send(t, a, "a2")
	in.wants(t, "a2")
	heard.isEmpty(t)
}

func testContext(t *testing.T, a, b bus.Bus) {
	in, _ := listen(t, b)
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	err := a.Publish(ctx, []byte("a1"))
	if !errors.Is(err, cause) && !errors.Is(err, context.Canceled) {
		t.Fatalf("Publish with a context that is done returned %v, want its cause or its error", err)
	}
	send(t, a, "a2")
	in.wants(t, "a2")
}

func testConcurrent(t *testing.T, a, b bus.Bus) {
	const senders, each = 8, 50
	in, _ := listen(t, b)
	var work sync.WaitGroup
	for i := range senders {
		end := a
		if i%2 == 1 {
			end = b
		}
		work.Go(func() {
			stop, err := end.Subscribe(func([]byte) {})
			if err != nil {
				t.Errorf("Subscribe: %v", err)
				return
			}
			defer stop()
			for n := range each {
				if err := a.Publish(t.Context(), fmt.Appendf(nil, "a%d %d", i, n)); err != nil {
					t.Errorf("Publish: %v", err)
				}
			}
		})
	}
	work.Wait()
	for got := 0; got < senders*each && !t.Failed(); got++ {
		<-in
	}
}
