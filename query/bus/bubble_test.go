package bus_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/bus"
	"github.com/freshet-go/freshet/querykey"
)

// inBubble runs f in a bubble, where time passes when nothing else happens.
func inBubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

// aSecondLater lets a second go by, and everything that it brings about.
func aSecondLater() {
	time.Sleep(time.Second)
	synctest.Wait()
}

// errs keeps what an attachment reports.
type errs struct {
	mu   sync.Mutex
	list []*bus.Error
}

func (e *errs) add(err *bus.Error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = append(e.list, err)
}

// all returns what was reported once all is quiet.
func (e *errs) all() []*bus.Error {
	synctest.Wait()
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.list
}

// member is a client on a bus.
type member struct {
	*query.Client

	at   *bus.Attachment
	errs errs
}

func attach(t *testing.T, b bus.Bus, o bus.Options) *member {
	t.Helper()
	c, err := query.New(query.Config{})
	require.NoError(t, err)
	m := &member{Client: c}
	if o.OnError == nil {
		o.OnError = m.errs.add
	}
	m.at, err = bus.Attach(t.Context(), c, b, o)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		require.NoError(t, m.at.Close(ctx))
		require.NoError(t, c.Close(ctx))
	})
	return m
}

// wire hears and says what travels, as a process of its own would.
type wire struct {
	bus.Bus

	mu   sync.Mutex
	list []map[string]any
}

func tap(t *testing.T, b bus.Bus) *wire {
	t.Helper()
	w := &wire{Bus: b}
	stop, err := b.Subscribe(func(text []byte) {
		var m map[string]any
		if json.Unmarshal(text, &m) != nil || m["from"] == "wire" {
			return
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.list = append(w.list, m)
	})
	require.NoError(t, err)
	t.Cleanup(stop)
	return w
}

// kinds returns of what kinds the messages were so far, once all is quiet.
func (w *wire) kinds() []string {
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	list := []string{}
	for _, m := range w.list {
		kind, _ := m["kind"].(string)
		list = append(list, kind)
	}
	return list
}

func (w *wire) say(t *testing.T, text string) {
	t.Helper()
	require.NoError(t, w.Publish(t.Context(), []byte(text)))
}

type order struct {
	ID    string
	Total int
}

var errDown = errors.New("down")

func orderQuery(id string) query.Query[order] {
	return query.Query[order]{Key: querykey.Of("order", id), Policy: query.Policy{Enabled: query.Off}}
}

// total is what a member has of an order once all is quiet, -1 if nothing.
func (m *member) total(id string) int {
	synctest.Wait()
	if o, ok := query.Get(m.Client, orderQuery(id)); ok {
		return o.Total
	}
	return -1
}

func (m *member) set(t *testing.T, id string, total int) {
	t.Helper()
	require.NoError(t, query.Set(m.Client, orderQuery(id), order{id, total}))
}
