package server_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/examples/dashboard/internal/server"
	"github.com/freshet-go/freshet/seller"
)

// answer is one tRPC envelope as a client reads it.
type answer struct {
	Result *struct {
		Data json.RawMessage `json:"data"`
	} `json:"result"`
	Error *struct {
		Message string `json:"message"`
		Code    int    `json:"code"`
		Data    struct {
			Code       string  `json:"code"`
			HTTPStatus int     `json:"httpStatus"`
			Path       *string `json:"path"`
			Reason     string  `json:"reason"`
		} `json:"data"`
	} `json:"error"`
}

func decode[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	require.NoError(t, json.Unmarshal([]byte(text), &v), text)
	return v
}

// data is the value of a successful single call.
func data[T any](t *testing.T, w *httptest.ResponseRecorder) T {
	t.Helper()
	a := decode[answer](t, w.Body.String())
	require.NotNil(t, a.Result, w.Body.String())
	return decode[T](t, string(a.Result.Data))
}

func requireError(t *testing.T, code string, w *httptest.ResponseRecorder) {
	t.Helper()
	a := decode[answer](t, w.Body.String())
	require.NotNil(t, a.Error, w.Body.String())
	require.Equal(t, code, a.Error.Data.Code)
	require.Equal(t, w.Code, a.Error.Data.HTTPStatus)
}

func withInput(procedure, input string) string {
	return "/trpc/" + procedure + "?input=" + url.QueryEscape(input)
}

func TestBatch_mixedResultsAre207InRequestOrder(t *testing.T) {
	t.Parallel()
	s, _ := newServer(server.Config{})
	w := get(s, "/trpc/finance.getPayoutStats,orderStatus.getOrderById,no.such?batch=1&input="+url.QueryEscape(`{"1":{"orderId":"ord_1_00005"}}`))
	require.Equal(t, http.StatusMultiStatus, w.Code)
	answers := decode[[]answer](t, w.Body.String())
	require.Len(t, answers, 3)
	require.Equal(t, "USD", decode[seller.PayoutStats](t, string(answers[0].Result.Data)).Currency)
	require.Equal(t, "ord_1_00005", decode[seller.Order](t, string(answers[1].Result.Data)).ID)
	require.Equal(t, "NOT_FOUND", answers[2].Error.Data.Code)
	require.Equal(t, "no.such", *answers[2].Error.Data.Path)
}

func TestBatch_equalFailuresHaveTheirStatusAndAnArray(t *testing.T) {
	t.Parallel()
	s, _ := newServer(server.Config{})
	w := get(s, "/trpc/orderStatus.getOrderById,sales.getSaleById?batch=1&input="+url.QueryEscape(`{"0":{"orderId":"x"},"1":{"saleId":"x"}}`))
	require.Equal(t, http.StatusNotFound, w.Code)
	require.Len(t, decode[[]answer](t, w.Body.String()), 2)
}

func TestBatch_ofOneIsStillAnArray(t *testing.T) {
	t.Parallel()
	s, _ := newServer(server.Config{})
	w := get(s, "/trpc/finance.getPayoutStats?batch=1")
	require.Equal(t, http.StatusOK, w.Code)
	require.Len(t, decode[[]answer](t, w.Body.String()), 1)
}

func TestBatch_inputsMustBeAnObject(t *testing.T) {
	t.Parallel()
	s, _ := newServer(server.Config{})
	for _, input := range []string{`[1,2]`, `"x"`, `null`} {
		w := get(s, "/trpc/sales.getAllSales,finance.getPayoutStats?batch=1&input="+url.QueryEscape(input))
		require.Equal(t, http.StatusMultiStatus, w.Code)
		answers := decode[[]answer](t, w.Body.String())
		require.Equal(t, `"input" needs to be an object when doing a batch call`, answers[0].Error.Message)
		require.Nil(t, answers[1].Error, "a procedure without input never sees it")
	}
}

func TestBatch_ofQueryAndMutationIsRefusedAsAWhole(t *testing.T) {
	t.Parallel()
	s, _ := newServer(server.Config{})
	w := post(s, "/trpc/finance.getPayoutStats,orderStatus.confirmOrder?batch=1", `{"1":{"orderId":"ord_1_00017"}}`)
	require.Equal(t, http.StatusBadRequest, w.Code)
	require.Equal(t, "text/plain;charset=UTF-8", w.Header().Get("content-type"))
	a := decode[answer](t, w.Body.String())
	require.Equal(t, "Cannot mix procedure types in call: query, mutation", a.Error.Message)
	require.Nil(t, a.Error.Data.Path)

	order := data[seller.Order](t, get(s, withInput("orderStatus.getOrderById", `{"orderId":"ord_1_00017"}`)))
	require.Equal(t, seller.OrderPending, order.Status)
}

func TestBatch_ofMutationsRunsEachOnItsOwn(t *testing.T) {
	t.Parallel()
	s, _ := newServer(server.Config{})
	w := post(s, "/trpc/orderStatus.confirmOrder,orderStatus.confirmOrder?batch=1", `{"0":{"orderId":"ord_1_00001"},"1":{"orderId":"ord_1_00017"}}`)
	require.Equal(t, http.StatusMultiStatus, w.Code)
	answers := decode[[]answer](t, w.Body.String())
	require.Equal(t, "CONFLICT", answers[0].Error.Data.Code)
	require.Equal(t, seller.OrderConfirmed, decode[seller.Order](t, string(answers[1].Result.Data)).Status)
}

func TestCall_withTheWrongMethodIs405AndTellsTheRightOne(t *testing.T) {
	t.Parallel()
	s, _ := newServer(server.Config{})
	w := get(s, "/trpc/orderStatus.confirmOrder")
	requireError(t, "METHOD_NOT_SUPPORTED", w)
	require.Equal(t, http.StatusMethodNotAllowed, w.Code)
	require.Equal(t, "POST", w.Header().Get("allow"))
	require.Contains(t, w.Body.String(), `Unsupported GET-request to mutation procedure at path \"orderStatus.confirmOrder\"`)

	w = post(s, "/trpc/finance.getPayoutStats", "")
	requireError(t, "METHOD_NOT_SUPPORTED", w)
	require.Equal(t, "GET", w.Header().Get("allow"))
}

func TestCall_withBrokenJSONIsABadRequest(t *testing.T) {
	t.Parallel()
	s, _ := newServer(server.Config{})
	requireError(t, "BAD_REQUEST", get(s, withInput("sales.getAllSales", `{`)))
	requireError(t, "BAD_REQUEST", post(s, "/trpc/orderStatus.confirmOrder", `<p>`))
	require.Equal(t, http.StatusOK, get(s, withInput("finance.getPayoutStats", `{`)).Code, "no input, never read")
}

func TestCall_withAnEnormousBodyIs413(t *testing.T) {
	t.Parallel()
	s, _ := newServer(server.Config{})
	w := post(s, "/trpc/orderStatus.confirmOrder", strings.Repeat(" ", 1<<20+1))
	requireError(t, "PAYLOAD_TOO_LARGE", w)
}

func TestAuth_tokenInConnectionParams(t *testing.T) {
	t.Parallel()
	s, _ := newServer(server.Config{})
	const target = "/trpc/finance.getPayoutStats?connectionParams="
	w := send(s, http.MethodGet, target+url.QueryEscape(`{"token":"tok-2"}`), "", nil)
	require.Equal(t, "EUR", data[seller.PayoutStats](t, w).Currency)
	for _, bad := range []string{`x`, `{"a":1}`, `["a"]`, `{"a":null}`} {
		w := send(s, http.MethodGet, target+url.QueryEscape(bad), "", nil)
		requireError(t, "PARSE_ERROR", w)
		require.Equal(t, "text/plain;charset=UTF-8", w.Header().Get("content-type"))
	}
}

func TestAuth_sellersBeyondTheConfiguredAreUnknown(t *testing.T) {
	t.Parallel()
	s, _ := newServer(server.Config{Sellers: 1})
	w := send(s, http.MethodGet, "/trpc/finance.getPayoutStats", "", map[string]string{"authorization": "bearer tok-2"})
	requireError(t, "UNAUTHORIZED", w)
	w = send(s, http.MethodGet, "/trpc/finance.getPayoutStats", "", map[string]string{"authorization": "bearer tok-1"})
	require.Equal(t, http.StatusOK, w.Code)
}

func TestInput_tellsEverythingThatIsWrong(t *testing.T) {
	t.Parallel()
	s, _ := newServer(server.Config{})
	for input, want := range map[string]string{
		`{}`: `{"formErrors":[],"fieldErrors":{"amountCents":["Invalid input: expected number, received undefined"],
			"currency":["Invalid input: expected string, received undefined"]}}`,
		`{"amountCents":0,"currency":"USD"}`: `{"formErrors":[],"fieldErrors":{"amountCents":["Too small: expected number to be >0"]}}`,
		`{"amountCents":1.5,"currency":"US","scheduledFor":"soon","idempotencyKey":""}`: `{"formErrors":[],"fieldErrors":{
			"amountCents":["Invalid input: expected int, received number"],
			"currency":["Too small: expected string to have >=3 characters"],
			"scheduledFor":["Invalid ISO datetime"],
			"idempotencyKey":["Too small: expected string to have >=1 characters"]}}`,
		`{"amountCents":5000,"currency":"USDX","scheduledFor":7}`: `{"formErrors":[],"fieldErrors":{
			"currency":["Too big: expected string to have <=3 characters"],
			"scheduledFor":["Invalid input: expected string, received number"]}}`,
	} {
		w := post(s, "/trpc/finance.schedulePayout", input)
		requireError(t, "BAD_REQUEST", w)
		got := decode[struct {
			Error struct {
				Data struct {
					ZodError json.RawMessage `json:"zodError"`
				} `json:"data"`
			} `json:"error"`
		}](t, w.Body.String())
		require.JSONEq(t, want, string(got.Error.Data.ZodError), input)
	}
}

func TestInput_limitsOfPages(t *testing.T) {
	t.Parallel()
	s, _ := newServer(server.Config{})
	for input, want := range map[string]int{
		`{"limit":0}`: http.StatusBadRequest, `{"limit":101}`: http.StatusBadRequest, `{"limit":"1"}`: http.StatusBadRequest,
		`{"limit":1}`: http.StatusOK, `{"limit":100}`: http.StatusOK, `{"cursor":null}`: http.StatusOK, `{"cursor":7}`: http.StatusBadRequest,
	} {
		require.Equal(t, want, get(s, withInput("orderStatus.getPendingOrders", input)).Code, input)
	}
}

func TestIdempotencyKey_givesTheFirstAnswerAgain(t *testing.T) {
	t.Parallel()
	s, mock := newServer(server.Config{})
	const body = `{"amountCents":2000,"currency":"USD","idempotencyKey":"k1"}`
	first := post(s, "/trpc/finance.schedulePayout", body)
	require.Equal(t, http.StatusOK, first.Code)
	mock.Add(time.Minute)
	again := post(s, "/trpc/finance.schedulePayout", body)
	require.Equal(t, first.Body.String(), again.Body.String())

	other := post(s, "/trpc/finance.schedulePayout", strings.Replace(body, "k1", "k2", 1))
	require.NotEqual(t, first.Body.String(), other.Body.String())
	require.Equal(t, 32, data[seller.Page[seller.Payout]](t, get(s, "/trpc/finance.getPayoutHistory")).Total)
}

func TestIdempotencyKey_doesNotRememberRefusals(t *testing.T) {
	t.Parallel()
	s, _ := newServer(server.Config{})
	requireError(t, "UNPROCESSABLE_CONTENT", post(s, "/trpc/finance.schedulePayout", `{"amountCents":999999999,"currency":"USD","idempotencyKey":"k"}`))
	require.Equal(t, http.StatusOK, post(s, "/trpc/finance.schedulePayout", `{"amountCents":1000,"currency":"USD","idempotencyKey":"k"}`).Code)
}

func TestConfirmOrder_refusesAnOldVersion(t *testing.T) {
	t.Parallel()
	s, _ := newServer(server.Config{})
	w := post(s, "/trpc/orderStatus.confirmOrder", `{"orderId":"ord_1_00017","expectedVersion":7}`)
	requireError(t, "PRECONDITION_FAILED", w)
	require.Equal(t, "version_mismatch", decode[answer](t, w.Body.String()).Error.Data.Reason)
}

func TestPaging_visitsEachRowOnceWhileOthersArrive(t *testing.T) {
	t.Parallel()
	s, mock := newServer(server.Config{})
	seen := map[string]int{}
	input := seller.SalesFilter{Limit: 7}
	for {
		raw, err := json.Marshal(input)
		require.NoError(t, err)
		page := data[seller.Page[seller.Sale]](t, get(s, withInput("sales.getAllSales", string(raw))))
		for _, sale := range page.Items {
			seen[sale.ID]++
		}
		if !page.HasNext() {
			break
		}
		input.Cursor = page.NextCursor
		mock.Add(time.Second)
		_, err = s.CreateOrder(server.DemoSeller)
		require.NoError(t, err)
	}
	require.Len(t, seen, 120)
	for id, n := range seen {
		require.Equal(t, 1, n, id)
	}
}

func TestListings_areFoundByTitleAndSKU(t *testing.T) {
	t.Parallel()
	s, _ := newServer(server.Config{})
	bySKU := data[seller.Page[seller.Listing]](t, get(s, withInput("listing.getMyListings", `{"query":"sku-10040"}`)))
	require.Equal(t, 1, bySKU.Total)
	byTitle := data[seller.Page[seller.Listing]](t, get(s, withInput("listing.getMyListings", `{"query":"LAMP","status":["active","paused"]}`)))
	require.NotEmpty(t, byTitle.Items)
	for _, l := range byTitle.Items {
		require.Contains(t, l.Title, "Lamp")
	}
}

func FuzzServer_neverBreaksOnInput(f *testing.F) {
	for _, seed := range []string{`{"0":{"limit":1}}`, `{"limit":2,"cursor":"eyJrIjoiIn0"}`, `{"status":[],"from":"Z"}`, `[`, `null`, `{"orderId":"o","reason":"r"}`} {
		f.Add(seed, "sales.getAllSales")
		f.Add(seed, "orderStatus.cancelOrder,orderStatus.confirmOrder")
		f.Add(seed, "finance.getPayoutHistory,listing.getMyListings")
	}
	s, _ := newServer(server.Config{Orders: 5})
	f.Fuzz(func(t *testing.T, input, paths string) {
		for _, batch := range []string{"", "&batch=1"} {
			target := "/trpc/" + url.PathEscape(paths) + "?input=" + url.QueryEscape(input) + batch
			for _, w := range []*httptest.ResponseRecorder{get(s, target), post(s, target, input)} {
				require.True(t, json.Valid(w.Body.Bytes()), w.Body.String())
				require.NotEqual(t, http.StatusInternalServerError, w.Code, w.Body.String())
			}
		}
	})
}
