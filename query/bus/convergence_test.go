package bus_test

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/freshet-go/freshet/query/bus"
)

// unruly is a bus that delays and repeats what it is given, but keeps the order of
// each sender.
type unruly struct {
	mu   sync.Mutex
	subs []*mail
}

// mail is what one subscriber has not got yet, by sender.
type mail struct {
	deliver func([]byte)
	waiting map[string][][]byte
	senders []string
}

func (u *unruly) Subscribe(deliver func([]byte)) (func(), error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.subs = append(u.subs, &mail{deliver: deliver, waiting: map[string][][]byte{}})
	return func() {}, nil
}

func (u *unruly) Publish(_ context.Context, message []byte) error {
	var head struct{ From string }
	if err := json.Unmarshal(message, &head); err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, m := range u.subs {
		if m.waiting[head.From] == nil {
			m.senders = append(m.senders, head.From)
		}
		m.waiting[head.From] = append(m.waiting[head.From], message)
	}
	return nil
}

// bring delivers the next message of a sender, perhaps twice.
func (m *mail) bring(d delivery) {
	if len(m.senders) == 0 {
		return
	}
	i := d.Sender % len(m.senders)
	from := m.senders[i]
	for range d.Times {
		m.deliver(m.waiting[from][0])
	}
	if m.waiting[from] = m.waiting[from][1:]; len(m.waiting[from]) == 0 {
		delete(m.waiting, from)
		m.senders = append(m.senders[:i:i], m.senders[i+1:]...)
	}
}

type delivery struct{ Subscriber, Sender, Times int }

// act is a write, and what the bus delivers after it.
type act struct {
	Client     int
	Order      string
	Deliveries []delivery
}

const members = 3

func acts() *rapid.Generator[act] {
	return rapid.Custom(func(t *rapid.T) act {
		return act{
			Client: rapid.IntRange(0, members-1).Draw(t, "client"),
			Order:  rapid.SampledFrom([]string{"1", "2"}).Draw(t, "order"),
			Deliveries: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) delivery {
				return delivery{
					Subscriber: rapid.IntRange(0, members-1).Draw(t, "subscriber"),
					Sender:     rapid.IntRange(0, members-1).Draw(t, "sender"),
					Times:      rapid.IntRange(1, 2).Draw(t, "times"),
				}
			}), 0, 4).Draw(t, "deliveries"),
		}
	})
}

func TestAttach_allEndWithTheLatestOverAnUnrulyBus(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		program := rapid.SliceOfN(acts(), 1, 20).Draw(rt, "program")
		var latest map[string]int
		var ends []map[string]int
		inBubble(t, func(t *testing.T) { latest, ends = converge(t, program) })
		for _, end := range ends {
			require.Equal(rt, latest, end)
		}
	})
}

// converge returns what was written last, and what each client has in the end.
func converge(t *testing.T, program []act) (latest map[string]int, ends []map[string]int) {
	t.Helper()
	hub := new(unruly)
	var clients []*member
	for range members {
		clients = append(clients, attach(t, hub, bus.Options{}))
	}
	latest = map[string]int{}
	for i, a := range program {
		latest[a.Order] = i
		clients[a.Client].set(t, a.Order, i)
		time.Sleep(time.Millisecond) // no two writes have one time
		synctest.Wait()
		for _, d := range a.Deliveries {
			hub.subs[d.Subscriber].bring(d)
		}
	}
	for _, m := range hub.subs {
		for len(m.senders) > 0 {
			m.bring(delivery{Times: 1})
		}
	}
	for _, c := range clients {
		end := map[string]int{}
		for id := range latest {
			end[id] = c.total(id)
		}
		ends = append(ends, end)
	}
	return latest, ends
}
