package trpc_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/trpc"
	"github.com/freshet-go/freshet/querykey"
)

// counting is a transformer that counts what it decodes.
type counting struct{ decoded *int }

func (counting) Encode(v any) (json.RawMessage, error) { return json.Marshal(v) }

func (c counting) Decode(wire json.RawMessage, target any) error {
	*c.decoded++
	return json.Unmarshal(wire, target)
}

func ExampleQuery_Fetch() {
	server := shop()
	defer server.Close()
	ctx := context.Background()
	orderByID := trpc.NewQuery[OrderInput, *Order]("orders.byId")
	client, _ := trpc.New(trpc.Config{URL: server.URL + "/trpc"})
	defer client.Close(ctx)
	cache, _ := query.New(query.Config{})
	defer cache.Close(ctx)

	q := query.Query[*Order]{
		Key:   querykey.Of("orders", "o-17"),
		Fetch: orderByID.Fetch(client, OrderInput{OrderID: "o-17"}, trpc.Remember{}),
	}
	first, _ := query.Fetch(ctx, cache, q)
	second, err := query.Fetch(ctx, cache, q) // the same bytes again
	fmt.Println(second.Status, first == second, err)
	fmt.Println(cache.Explain(q.Key).Has(query.ReasonNotModified))
	// Output:
	// shipped true <nil>
	// true
}

// caching returns a client of package query that is closed with the test.
func caching(t *testing.T) *query.Client {
	t.Helper()
	c, err := query.New(query.Config{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close(context.WithoutCancel(t.Context()))) })
	return c
}

func TestFetch_decodesOnlyWhatChanged(t *testing.T) {
	t.Parallel()
	data := `{"orders":[{"a":1},{"a":2}]}`
	p := peer{respond: func(request) (*http.Response, error) {
		return reply(http.StatusOK, `{"result":{"data":`+data+`}}`), nil
	}}
	type page struct {
		Orders []*pair `json:"orders"`
	}
	cache := caching(t)
	fetch := trpc.NewQuery[trpc.NoInput, page]("q").Fetch(p.client(t, trpc.Config{}), trpc.NoInput{}, trpc.Remember{Member: "orders"})
	q := query.Query[page]{Key: querykey.Of("q"), Fetch: fetch}
	get := func() page {
		got, err := query.Fetch(t.Context(), cache, q)
		require.NoError(t, err)
		return got
	}
	first := get()
	again := get()
	require.Same(t, &first.Orders[0], &again.Orders[0])
	require.True(t, cache.Explain(q.Key).Has(query.ReasonNotModified))
	data = `{"orders":[{"a":1},{"a":3}]}`
	changed := get()
	require.Equal(t, []*pair{{A: 1}, {A: 3}}, changed.Orders)
	require.Same(t, first.Orders[0], changed.Orders[0])
	require.NoError(t, query.Set(cache, q, page{}))
	require.NoError(t, cache.Invalidate(t.Context(), query.Filter{}))
	require.Len(t, get().Orders, 2, "what was written by hand is not what the server means")
}

func TestFetch_withATransformerDecodesResultsThatChanged(t *testing.T) {
	t.Parallel()
	for _, remember := range []trpc.Remember{{}, {Digest: true}} {
		data, decoded := `[1]`, 0
		p := peer{respond: func(request) (*http.Response, error) {
			return reply(http.StatusOK, `{"result":{"data":`+data+`}}`), nil
		}}
		c := p.client(t, trpc.Config{Transformer: counting{&decoded}})
		cache := caching(t)
		q := query.Query[[]int]{Key: querykey.Of("q"), Fetch: trpc.NewQuery[int, []int]("q").Fetch(c, 1, remember)}
		for range 3 {
			got, err := query.Fetch(t.Context(), cache, q)
			require.NoError(t, err)
			require.Equal(t, []int{1}, got)
		}
		require.Equal(t, 1, decoded)
		data = `[2]`
		got, err := query.Fetch(t.Context(), cache, q)
		require.NoError(t, err)
		require.Equal(t, []int{2}, got)
		require.Equal(t, 2, decoded)
	}
}

func TestFetch_undefinedIsTheZeroValue(t *testing.T) {
	t.Parallel()
	p := peer{respond: always(http.StatusOK, `{"result":{}}`)}
	q := query.Query[int]{Key: querykey.Of("q")}
	q.Fetch = trpc.NewQuery[trpc.NoInput, int]("q").Fetch(p.client(t, trpc.Config{}), trpc.NoInput{}, trpc.Remember{})
	cache := caching(t)
	for range 2 {
		got, err := query.Fetch(t.Context(), cache, q)
		require.NoError(t, err)
		require.Zero(t, got)
	}
	require.Len(t, p.requests(), 2)
}

func TestFetch_failsAsCallDoes(t *testing.T) {
	t.Parallel()
	for _, body := range []string{refusal, `{"result":{"data":{"a":7,"b":{}}}}`} {
		p := peer{respond: always(http.StatusOK, body)}
		c, q := p.client(t, trpc.Config{}), trpc.NewQuery[int, pair]("a")
		_, want := q.Call(t.Context(), c, 1)
		got, err := q.Fetch(c, 1, trpc.Remember{})(t.Context())
		require.Equal(t, want, err)
		require.Zero(t, got)
	}
}

func TestFetch_outsideOfACacheDecodesEverything(t *testing.T) {
	t.Parallel()
	var p peer
	fetch := trpc.NewQuery[int, echoed]("q").Fetch(p.client(t, trpc.Config{}), 1, trpc.Remember{})
	for range 2 {
		got, err := fetch(t.Context())
		require.NoError(t, err)
		require.Equal(t, "q", got.Path)
	}
}

// Package query counts what a fetch received, and whether it shared a request.
func TestCall_tellsTheFetchWhatItReceived(t *testing.T) {
	t.Parallel()
	var p peer // which echoes
	api := p.client(t, trpc.Config{Batch: fullBatch(2)})
	alone := p.client(t, trpc.Config{Batch: trpc.Batch{Mode: trpc.BatchOff}})
	cache := caching(t)
	get := func(c *trpc.Client, n int) (echoed, error) {
		fetch := func(ctx context.Context) (echoed, error) { return trpc.NewQuery[int, echoed]("q").Call(ctx, c, n) }
		return query.Fetch(t.Context(), cache, query.Query[echoed]{Key: querykey.Of("q", n), Fetch: fetch})
	}
	together(2, func(i int) {
		_, err := get(api, i)
		assert.NoError(t, err)
	})
	_, err := get(alone, 3)
	require.NoError(t, err)
	rows := cache.Stats()
	got := rows[len(rows)-1]
	require.Equal(t, querykey.Of("q"), got.Prefix)
	require.EqualValues(t, 2, got.Batched)
	require.EqualValues(t, 3*len(`{"input":0,"path":"q"}`), got.Bytes)
	_, err = trpc.NewQuery[int, echoed]("q").Call(t.Context(), alone, 4) // for no fetch
	require.NoError(t, err)
	require.Equal(t, got, cache.Stats()[len(rows)-1])
}
