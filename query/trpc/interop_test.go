package trpc_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query/trpc"
	"github.com/freshet-go/freshet/query/trpc/trpctest"
)

// realClient returns a client of a real server. Its connections are not reused,
// so that net/http does not repeat requests by itself.
func realClient(t *testing.T, s *trpctest.Server, cfg trpc.Config) *trpc.Client {
	t.Helper()
	cfg.URL = s.URL
	cfg.HTTP = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	c, err := trpc.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close(context.WithoutCancel(t.Context()))) })
	return c
}

// fullBatch sends exactly when n calls have come together.
func fullBatch(n int) trpc.Batch { return trpc.Batch{MaxItems: n, Window: time.Hour} }

func queryRaw(t *testing.T, c *trpc.Client, path, input string) (string, error) {
	t.Helper()
	out, err := trpc.NewQuery[json.RawMessage, json.RawMessage](path).Call(t.Context(), c, rawInput(input))
	return string(out), err
}

func mutateRaw(t *testing.T, c *trpc.Client, path, input string) (string, error) {
	t.Helper()
	out, err := trpc.NewMutation[json.RawMessage, json.RawMessage](path).Call(t.Context(), c, rawInput(input))
	return string(out), err
}

func rawInput(text string) json.RawMessage {
	if text == "" {
		return nil
	}
	return json.RawMessage(text)
}

// together makes n calls at once.
func together(n int, call func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { call(i) })
	}
	wg.Wait()
}

// sellerQueries are all queries of the seller's API, with what their results hold.
func sellerQueries() [][3]string {
	return [][3]string{
		{"sales.getAllSales", "", `"nextCursor"`},
		{"sales.getAllSales", `{"status":["pending","shipped"],"from":"2025-01-01T00:00:00.000Z","limit":2}`, `"items"`},
		{"sales.getSaleById", `{"saleId":"sale_1_00042"}`, `"ord_1_00042"`},
		{"orderStatus.getPendingOrders", `{"limit":3}`, `"pending"`},
		{"orderStatus.getOrdersByStatus", `{"status":"completed"}`, `"completed"`},
		{"orderStatus.getOrderById", `{"orderId":"ord_1_00001"}`, `"ord_1_00001"`},
		{"orderStatus.getOrderStats", "", `"byStatus"`},
		{"finance.getPayoutStats", "", `"USD"`},
		{"finance.getPayoutHistory", `{"limit":1}`, `"items"`},
		{"listing.getMyListings", `{"query":"clock"}`, `"items"`},
	}
}

func TestInterop_sellerProcedures(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		flags []string
		cfg   trpc.Config
	}{
		"batches":      {nil, trpc.Config{Batch: fullBatch(10)}},
		"small limits": {[]string{"--max-batch-size", "2"}, trpc.Config{Batch: fullBatch(2)}},
		"no batches":   {[]string{"--batching", "off"}, trpc.Config{Batch: trpc.Batch{Mode: trpc.BatchOff}}},
		"superjson":    {[]string{"--transformer", "superjson"}, trpc.Config{Batch: fullBatch(5), Transformer: trpc.SuperJSON()}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := trpctest.Start(t, tc.flags...)
			tc.cfg.Auth = trpc.BearerToken("tok-1")
			c := realClient(t, s, tc.cfg)
			queries := sellerQueries()
			together(len(queries), func(i int) {
				out, err := queryRaw(t, c, queries[i][0], queries[i][1])
				if err != nil || !strings.Contains(out, queries[i][2]) {
					t.Errorf("%s: %s, %v", queries[i][0], out, err)
				}
			})
			counted := s.Counters()
			require.Equal(t, len(queries), counted.Calls.Total)
			size := max(1, tc.cfg.Batch.MaxItems)
			require.Equal(t, len(queries)/size, counted.HTTP.Requests)
			for _, r := range s.Log() {
				require.Equal(t, "seller_1", r.Seller)
				require.Equal(t, size, r.BatchSize)
			}
			tc.cfg.Batch.Window = time.Millisecond
			sellerMutations(t, s, realClient(t, s, tc.cfg))
		})
	}
}

func sellerMutations(t *testing.T, s *trpctest.Server, c *trpc.Client) {
	t.Helper()
	before := s.State("seller_1")
	var created struct {
		OrderIDs []string `json:"orderIds"`
	}
	s.Control("createOrder", map[string]any{"sellerId": "seller_1", "count": 2}, &created)
	out, err := mutateRaw(t, c, "orderStatus.confirmOrder", `{"orderId":"`+created.OrderIDs[0]+`"}`)
	require.NoError(t, err)
	require.Contains(t, out, `"confirmed"`)
	_, err = mutateRaw(t, c, "orderStatus.confirmOrder", `{"orderId":"`+created.OrderIDs[0]+`"}`)
	require.ErrorIs(t, err, trpc.CodeConflict)
	out, err = mutateRaw(t, c, "orderStatus.cancelOrder", `{"orderId":"`+created.OrderIDs[1]+`","reason":"sold out"}`)
	require.NoError(t, err)
	require.Contains(t, out, `"cancelled"`)
	out, err = mutateRaw(t, c, "finance.schedulePayout", `{"amountCents":1500,"currency":"USD"}`)
	require.NoError(t, err)
	require.Contains(t, out, `"payout"`)
	_, err = mutateRaw(t, c, "finance.schedulePayout", `{"amountCents":-1,"currency":"USD"}`)
	var refused *trpc.Error
	require.ErrorAs(t, err, &refused)
	require.Equal(t, trpc.CodeBadRequest, refused.Code)
	require.Contains(t, string(refused.Data), "zodError")
	after := s.State("seller_1")
	require.Equal(t, before.Orders+2, after.Orders)
	require.Equal(t, before.Payouts+1, after.Payouts)
	require.Equal(t, before.Stats.ByStatus["confirmed"]+1, after.Stats.ByStatus["confirmed"])
}

func TestInterop_wireProbes(t *testing.T) {
	t.Parallel()
	s := trpctest.Start(t)
	c := realClient(t, s, trpc.Config{MaxResponseBytes: 1 << 20})
	for _, tc := range [][4]string{
		{"query", "wire.ping", "", `{"pong":true}`},
		{"query", "wire.deep.er.leaf", "", `{"path":"wire.deep.er.leaf"}`},
		{"query", "wire.echo", "", `{"present":false}`},
		{"query", "wire.echo", "null", `{"present":true,"input":null}`},
		{"query", "wire.echo", `{"a":"x y+z&=ż!'()*~%2C#?\u2028<>🦀"}`, `{"present":true,"input":{"a":"x y+z&=ż!'()*~%2C#?\u2028<>🦀"}}`},
		{"mutation", "wire.echoMutation", "", `{"present":false}`},
		{"mutation", "wire.echoMutation", `[1,{"b":null}]`, `{"present":true,"input":[1,{"b":null}]}`},
		{"mutation", "wire.optional", "", `{"present":false}`},
		{"mutation", "wire.touch", "", ``},
		{"query", "wire.value", `{"kind":"undefined"}`, ``},
		{"query", "wire.value", `{"kind":"null"}`, `null`},
		{"query", "wire.value", `{"kind":"envelopeLike"}`, `{"result":{"data":1},"error":{"code":-1}}`},
		{"query", "wire.value", `{"kind":"unicode"}`, `{"s":"żółw 漢字 🦀 \u2028 </script> & \"q\" \\ \n\t"}`},
		{"query", "wire.delay", `{"ms":1,"tag":"t"}`, `{"tag":"t"}`},
		{"mutation", "wire.delayMutation", `{"ms":1,"tag":"t"}`, `{"tag":"t"}`},
		{"query", "wire.cacheable", "", `{"cached":true}`},
	} {
		call := queryRaw
		if tc[0] == "mutation" {
			call = mutateRaw
		}
		out, err := call(t, c, tc[1], tc[2])
		require.NoError(t, err, tc)
		if tc[3] == "" {
			require.Empty(t, out, tc)
			continue
		}
		require.JSONEq(t, tc[3], out, tc)
	}
	out, err := queryRaw(t, c, "wire.big", `{"bytes":1000000}`)
	require.NoError(t, err)
	require.Len(t, out, 1000000+len(`{"s":""}`))
	_, err = queryRaw(t, c, "wire.big", `{"bytes":2000000}`)
	require.ErrorIs(t, err, trpc.ErrResponseTooLarge)
}

func TestInterop_wireErrors(t *testing.T) {
	t.Parallel()
	s := trpctest.Start(t)
	c := realClient(t, s, trpc.Config{})
	for _, code := range allCodes() {
		_, err := queryRaw(t, c, "wire.fail", `{"code":"`+string(code)+`","message":"m"}`)
		require.ErrorIs(t, err, code)
		_, err = mutateRaw(t, c, "wire.failMutation", `{"code":"`+string(code)+`"}`)
		require.ErrorIs(t, err, code)
		require.NotErrorIs(t, err, trpc.ErrOutcomeUnknown)
	}
	for path, want := range map[string]trpc.Code{
		"no.such": trpc.CodeNotFound, "wire.touch": trpc.CodeMethodNotSupported, "wire.crash": trpc.CodeInternalServerError,
		"wire.delay": trpc.CodeBadRequest, "wire": trpc.CodeNotFound, "finance.getPayoutStats": trpc.CodeUnauthorized,
	} {
		_, err := queryRaw(t, c, path, "")
		require.ErrorIs(t, err, want, path)
	}
	_, err := queryRaw(t, c, "wire.stream", `{"to":1}`)
	require.ErrorIs(t, err, trpc.CodeUnsupportedMediaType)
	_, err = queryRaw(t, c, "wire.value", `{"kind":"bigint"}`)
	require.ErrorIs(t, err, trpc.CodeInternalServerError)
}

func allCodes() []trpc.Code {
	return []trpc.Code{
		trpc.CodeParseError, trpc.CodeBadRequest, trpc.CodeInternalServerError, trpc.CodeNotImplemented, trpc.CodeBadGateway,
		trpc.CodeServiceUnavailable, trpc.CodeGatewayTimeout, trpc.CodeUnauthorized, trpc.CodePaymentRequired, trpc.CodeForbidden,
		trpc.CodeNotFound, trpc.CodeMethodNotSupported, trpc.CodeTimeout, trpc.CodeConflict, trpc.CodePreconditionFailed,
		trpc.CodePayloadTooLarge, trpc.CodeUnsupportedMediaType, trpc.CodeUnprocessableContent, trpc.CodePreconditionRequired,
		trpc.CodeTooManyRequests, trpc.CodeClientClosedRequest,
	}
}

func TestInterop_mixedBatchKeepsOrderAndErrorsApart(t *testing.T) {
	t.Parallel()
	s := trpctest.Start(t)
	c := realClient(t, s, trpc.Config{Batch: fullBatch(4)})
	together(4, func(i int) {
		switch i {
		case 0:
			out, err := queryRaw(t, c, "wire.delay", `{"ms":30,"tag":"slow"}`)
			if err != nil || out != `{"tag":"slow"}` {
				t.Errorf("slow: %s, %v", out, err)
			}
		case 1:
			_, err := queryRaw(t, c, "wire.fail", `{"code":"CONFLICT"}`)
			if !errors.Is(err, trpc.CodeConflict) {
				t.Errorf("conflict: %v", err)
			}
		default:
			out, err := queryRaw(t, c, "wire.ping", "")
			if err != nil || out != `{"pong":true}` {
				t.Errorf("ping: %s, %v", out, err)
			}
		}
	})
	require.Equal(t, map[int]int64{http.StatusMultiStatus: 1}, c.Stats().ByStatus)
}

func TestInterop_superjsonValues(t *testing.T) {
	t.Parallel()
	s := trpctest.Start(t, "--transformer", "superjson")
	c := realClient(t, s, trpc.Config{Transformer: trpc.SuperJSON()})
	for kind, want := range map[string]string{
		"rich": `{"at":"1970-01-01T00:00:00.000Z","set":[1,2],"map":{"k":1},"big":12,"re":"/a+/g","nan":"NaN","negZero":0,"url":"http://example.test/x"}`,
		"null": `null`, "bigint": `{"n":12}`, "jsonKey": `{"json":1,"meta":2}`, "rootMap": `{"1":"a"}`, "rootDate": `"1970-01-01T00:00:00.000Z"`,
	} {
		out, err := queryRaw(t, c, "wire.value", `{"kind":"`+kind+`"}`)
		require.NoError(t, err)
		require.JSONEq(t, want, out)
	}
	out, err := queryRaw(t, c, "wire.value", `{"kind":"undefined"}`)
	require.NoError(t, err)
	require.Empty(t, out)
	out, err = mutateRaw(t, c, "wire.echoMutation", "")
	require.NoError(t, err)
	require.JSONEq(t, `{"present":false}`, out)
	_, err = queryRaw(t, c, "wire.fail", `{"code":"CONFLICT","message":"m"}`)
	require.ErrorIs(t, err, trpc.CodeConflict)
}

// tokens is an Auth that starts with one token and refreshes to another.
type tokens struct {
	mu      sync.Mutex
	current string
	next    string
	count   int
}

func (a *tokens) Token(context.Context) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.current, nil
}

func (a *tokens) Refresh(context.Context, string) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.count++
	a.current = a.next
	return a.current, nil
}

func TestInterop_expiredTokenIsRefreshedOnce(t *testing.T) {
	t.Parallel()
	for name, flags := range map[string][]string{"per call": nil, "in the context": {"--strict-context", "on"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := trpctest.Start(t, flags...)
			auth := &tokens{current: "tok-expired", next: "tok-2"}
			c := realClient(t, s, trpc.Config{Auth: auth, Batch: fullBatch(3)})
			together(3, func(int) {
				if out, err := queryRaw(t, c, "orderStatus.getOrderStats", ""); err != nil {
					t.Errorf("%s, %v", out, err)
				}
			})
			require.Equal(t, 1, auth.count)
			require.Equal(t, 2, s.Counters().HTTP.Requests)
		})
	}
}

func TestInterop_refusedTokens(t *testing.T) {
	t.Parallel()
	s := trpctest.Start(t)
	for token, want := range map[string]trpc.Code{
		"tok-expired": trpc.CodeUnauthorized, "tok-suspended": trpc.CodeForbidden, "": trpc.CodeUnauthorized, "nobody": trpc.CodeUnauthorized,
	} {
		auth := &tokens{current: token, next: token}
		_, err := queryRaw(t, realClient(t, s, trpc.Config{Auth: auth}), "finance.getPayoutStats", "")
		require.ErrorIs(t, err, want, token)
		refreshes := 1
		if want == trpc.CodeForbidden {
			refreshes = 0
		}
		require.Equal(t, refreshes, auth.count, token)
	}
	_, err := queryRaw(t, realClient(t, s, trpc.Config{Auth: trpc.BearerToken("tok-1")}), "orderStatus.getOrderById", `{"orderId":"ord_2_00001"}`)
	require.ErrorIs(t, err, trpc.CodeNotFound, "another seller's order")
}

func TestInterop_oldServers(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"v10", "v11.0"} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			s := trpctest.StartOld(t, line)
			c := realClient(t, s, trpc.Config{})
			out, err := queryRaw(t, c, "wire.echo", `{"a":1}`)
			require.NoError(t, err)
			require.JSONEq(t, `{"present":true,"input":{"a":1}}`, out)
			out, err = mutateRaw(t, c, "wire.echoMutation", "")
			require.NoError(t, err, "a mutation without input")
			require.JSONEq(t, `{"present":false}`, out)
			out, err = mutateRaw(t, c, "wire.touch", "")
			require.NoError(t, err)
			require.Empty(t, out)
			_, err = queryRaw(t, c, "wire.fail", `{"code":"BAD_GATEWAY"}`)
			require.ErrorIs(t, err, trpc.CodeBadGateway, "a name that version 10 does not know")
			_, err = queryRaw(t, c, "no.such", "")
			require.ErrorIs(t, err, trpc.CodeNotFound)
			pair := realClient(t, s, trpc.Config{Batch: fullBatch(2)})
			together(2, func(int) {
				if out, err := queryRaw(t, pair, "wire.ping", ""); err != nil || out != `{"pong":true}` {
					t.Errorf("%s, %v", out, err)
				}
			})
			require.Equal(t, int64(1), pair.Stats().Batches)
		})
	}
}

func TestInterop_oldServersRefuseWholeBatches(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		line, flag, value string
		want              trpc.Code
	}{
		{"v10", "--batching", "off", trpc.CodeInternalServerError},
		{"v11.0", "--batching", "off", trpc.CodeBadRequest},
		{"v10", "--strict-context", "on", trpc.CodeUnauthorized},
		{"v11.0", "--strict-context", "on", trpc.CodeUnauthorized},
	} {
		t.Run(tc.line+tc.flag, func(t *testing.T) {
			t.Parallel()
			c := realClient(t, trpctest.StartOld(t, tc.line, tc.flag, tc.value), trpc.Config{Batch: fullBatch(2)})
			together(2, func(int) {
				if _, err := queryRaw(t, c, "wire.ping", ""); !errors.Is(err, tc.want) {
					t.Errorf("want %s, got %v", tc.want, err)
				}
			})
		})
	}
}

func TestInterop_otherPathSeparator(t *testing.T) {
	t.Parallel()
	s := trpctest.Start(t, "--path-separator", "~", "--base", "/api/v1")
	c := realClient(t, s, trpc.Config{})
	for _, path := range []string{"wire~ping", "wire.ping"} {
		out, err := queryRaw(t, c, path, "")
		require.NoError(t, err)
		require.JSONEq(t, `{"pong":true}`, out)
	}
}
