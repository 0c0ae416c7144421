package docs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/querytest"
	"github.com/freshet-go/freshet/query/signals"
	"github.com/freshet-go/freshet/querykey"
)

// [snippet service]

// NewServiceClient returns a client for a service.
func NewServiceClient(log *slog.Logger) (*query.Client, error) {
	return query.New(query.Config{
		Logger: log, // panics in callbacks, errors that nobody waits for
		Defaults: query.Defaults{Policy: query.Policy{
			StaleTime:   query.StaleAfter(10 * time.Second),
			GCTime:      query.GCAfter(time.Minute),
			NetworkMode: query.NetworkAlways,
		}},
	})
}

// [end]

// [snippet handler]

// OrderHandler serves orders. Requests for one order share one fetch, and get
// the answer of up to 10 seconds ago.
func OrderHandler(client *query.Client) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		q := OrderByID(r.PathValue("id"))
		order, err := query.Fetch(r.Context(), client, q)
		if err != nil && !errors.Is(err, errNotFound) {
			if old, ok := query.Get(client, q); ok { // better than nothing
				order, err = old, nil
			}
		}
		switch {
		case r.Context().Err() != nil: // the caller has gone; the fetch goes on
		case errors.Is(err, errNotFound):
			http.Error(w, "no such order", http.StatusNotFound)
		case err != nil:
			http.Error(w, "try again later", http.StatusBadGateway)
		default:
			_ = json.NewEncoder(w).Encode(order)
		}
	}
}

// [end]

func Example_handler() {
	client, err := NewServiceClient(slog.New(slog.DiscardHandler))
	check(err)
	mux := http.NewServeMux()
	mux.Handle("GET /orders/{id}", OrderHandler(client))
	for _, id := range []string{"o-17", "o-17", "o-404"} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/orders/"+id, nil))
		fmt.Print(w.Code, " ", w.Body)
	}
	check(client.Close(context.Background()))
	// Output:
	// GET order o-17
	// 200 {"ID":"o-17","Status":"open"}
	// 200 {"ID":"o-17","Status":"open"}
	// GET order o-404
	// 404 no such order
}

func TestServices_oldAnswersAreBetterThanNone(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		require.NoError(h, query.Set(h.Client(), OrderByID("o-404"), Order{ID: "o-404"}))
		require.NoError(h, query.Set(h.Client(), OrderByID("o-500"), Order{ID: "o-500"}))
		for id, want := range map[string]int{
			"o-500": http.StatusOK,
			"o-501": http.StatusBadGateway, // none are there
			"o-404": http.StatusNotFound,   // the server says so
		} {
			w := httptest.NewRecorder()
			r := httptest.NewRequest(http.MethodGet, "/orders/"+id, nil)
			r.SetPathValue("id", id)
			OrderHandler(h.Client())(w, r)
			require.Equal(h, want, w.Code, id)
		}
	})
}

// [snippet caller]

// OrderOf is an order as a user sees it.
func OrderOf(user, id string) query.Query[Order] {
	return query.Query[Order]{
		Key: querykey.Of("user", user, "orders", id),
		Fetch: func(ctx context.Context) (Order, error) {
			ctx, stop := context.WithTimeout(ctx, 5*time.Second)
			defer stop()
			return api.OrderAs(ctx, user, id)
		},
	}
}

// [end]

func (s shop) OrderAs(ctx context.Context, _, id string) (Order, error) { return s.Order(ctx, id) }

type userKey struct{}

func Example_caller() {
	client, closing := open(query.Config{})
	defer closing()
	ctx := context.WithValue(context.Background(), userKey{}, "u-1")
	_, err := query.Fetch(ctx, client, query.Query[Order]{
		Key: querykey.Of("who"),
		Fetch: func(ctx context.Context) (Order, error) {
			_, limited := ctx.Deadline()
			fmt.Println(ctx.Value(userKey{}), limited)
			return Order{}, nil
		},
	})
	fmt.Println(err)

	check(query.Prefetch(ctx, client, OrderOf("u-1", "o-17")))
	// Output:
	// <nil> false
	// <nil>
	// GET order o-17
}

// [snippet focus]

// Lifecycle is the part of fyne.Lifecycle that tells of focus.
type Lifecycle interface {
	SetOnEnteredForeground(func())
	SetOnExitedForeground(func())
}

// FollowFocus tells the client whether the application is looked at, until stop.
func FollowFocus(client *query.Client, app Lifecycle) (stop func()) {
	window := new(signals.Manual)
	app.SetOnEnteredForeground(func() { window.Set(true) })
	app.SetOnExitedForeground(func() { window.Set(false) })
	return signals.Connect(client.Focus(), signals.HoldLoss(client, 100*time.Millisecond, window.Source))
}

// [end]

// [snippet view]

// ShowOrder keeps an order on screen until stop. Results are given to show on the
// goroutine of the toolkit, where do runs things, as fyne.Do does. ShowOrder must
// be called there, too. Give the observer to SetQuery to show another order.
func ShowOrder(
	client *query.Client, id string, do func(func()), show func(query.Result[Order]),
) (o *query.Observer[Order], stop func()) {
	o = query.Observe(client, OrderByID(id))
	stop = o.Subscribe(func(r query.Result[Order]) { do(func() { show(r) }) })
	show(o.Current()) // Subscribe tells of changes alone
	return o, stop
}

// [end]

// window stands in for an application of a toolkit.
type window struct{ entered, exited func() }

func (w *window) SetOnEnteredForeground(f func()) { w.entered = f }
func (w *window) SetOnExitedForeground(f func())  { w.exited = f }

func TestDesktop_viewFollowsChoiceAndFocus(t *testing.T) {
	t.Parallel()
	server := query.Defaults{Policy: query.Policy{RefetchOnFocus: query.Always}}
	querytest.RunConfig(t, query.Config{Defaults: server}, func(h *querytest.Harness) {
		w := new(window)
		defer FollowFocus(h.Client(), w)()
		w.entered()
		for _, id := range []string{"o-1", "o-2"} {
			require.NoError(h, query.Set(h.Client(), OrderByID(id), Order{ID: id, Status: "cached"}))
		}
		var shown []string
		queue := make(chan func(), 100)
		o, stop := ShowOrder(h.Client(), "o-1", func(f func()) { queue <- f }, func(r query.Result[Order]) {
			shown = append(shown, r.Data().ID+" "+r.Data().Status)
		})
		drain := func() {
			h.Settle()
			for len(queue) > 0 {
				(<-queue)()
			}
		}
		require.Contains(h, shown, "o-1 cached")
		drain()
		require.Equal(h, "o-1 open", shown[len(shown)-1])
		require.NoError(h, query.SetQuery(o, OrderByID("o-2")))
		drain()
		require.Equal(h, "o-2 open", shown[len(shown)-1])
		before, _ := h.Client().State(OrderByID("o-2").Key)
		w.exited()
		w.entered() // another window
		drain()
		glanced, _ := h.Client().State(OrderByID("o-2").Key)
		require.Equal(h, before.DataUpdateCount(), glanced.DataUpdateCount())
		w.exited()
		h.Advance(100 * time.Millisecond)
		w.entered()
		drain()
		after, _ := h.Client().State(OrderByID("o-2").Key)
		require.Equal(h, before.DataUpdateCount()+1, after.DataUpdateCount())
		stop()
		require.Zero(h, h.Client().Entries(query.Filter{Key: OrderByID("o-2").Key})[0].Observers)
	})
}

func TestServices_lastObserverEndsTheFetchForAll(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		cached bool
		want   error
	}{
		"with older data": {true, nil},
		"without data":    {false, query.ErrCancelled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			querytest.Run(t, func(h *querytest.Harness) {
				q := OrderByID("o-17")
				q.Fetch = querytest.Script(h, querytest.Never[Order]()).Fetch
				if tc.cached {
					require.NoError(h, query.Set(h.Client(), q, Order{Status: "cached"}))
				}
				r := querytest.Watch(h, q)
				ended := make(chan error, 1)
				go func() { ended <- query.Prefetch(h.Context(), h.Client(), q) }()
				h.Settle()
				r.Stop()
				require.ErrorIs(h, <-ended, tc.want)
			})
		})
	}
}
