package trpc_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query/trpc"
)

// callOnce makes one query and one mutation of a server that always responds
// alike, and returns their errors.
func callOnce(t *testing.T, respond responder) (query, mutation error) {
	t.Helper()
	p := peer{respond: respond}
	c := p.client(t, trpc.Config{Batch: trpc.Batch{Mode: trpc.BatchOff}, MaxResponseBytes: 1 << 10})
	_, query = trpc.NewQuery[int, echoed]("a.q").Call(t.Context(), c, 1)
	_, mutation = trpc.NewMutation[int, echoed]("a.m").Call(t.Context(), c, 1)
	return query, mutation
}

func TestError_isIdentifiedByNameThenStatusThenNumber(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status int
		shape  string
		want   trpc.Error
	}{
		"name wins": {
			409, `{"message":"m","code":-32603,"data":{"code":"MY_OWN","httpStatus":418,"path":"x.y"}}`,
			trpc.Error{Code: "MY_OWN", Number: -32603, HTTPStatus: 418, Message: "m", Path: "x.y"},
		},
		"data status": {
			200, `{"message":"m","code":-32603,"data":{"httpStatus":503}}`,
			trpc.Error{Code: trpc.CodeServiceUnavailable, Number: -32603, HTTPStatus: 503, Message: "m"},
		},
		"response status": {
			504, `{"message":"m","code":-32603}`,
			trpc.Error{Code: trpc.CodeGatewayTimeout, Number: -32603, HTTPStatus: 504, Message: "m"},
		},
		"status and number agree on the rarer code": {
			400, `{"message":"m","code":-32700}`,
			trpc.Error{Code: trpc.CodeParseError, Number: -32700, HTTPStatus: 400, Message: "m"},
		},
		"number alone": {
			200, `{"message":"m","code":-32009,"data":null}`,
			trpc.Error{Code: trpc.CodeConflict, Number: -32009, HTTPStatus: 409, Message: "m"},
		},
		"nothing known": {
			200, `{"code":-1}`,
			trpc.Error{Number: -1},
		},
		"fields of other types": {
			422, `{"message":7,"code":-32022,"data":{"code":1,"httpStatus":"422","path":null}}`,
			trpc.Error{Code: trpc.CodeUnprocessableContent, Number: -32022, HTTPStatus: 422},
		},
		"name without a number, as version 10 sends names it does not know": {
			500, `{"message":"BAD_GATEWAY","data":{"code":"BAD_GATEWAY","httpStatus":500,"path":"wire.fail"}}`,
			trpc.Error{Code: trpc.CodeBadGateway, HTTPStatus: 500, Message: "BAD_GATEWAY", Path: "wire.fail"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			query, _ := callOnce(t, always(tc.status, `{"error":`+tc.shape+`}`))
			var got *trpc.Error
			require.ErrorAs(t, query, &got)
			got.Data = nil
			tc.want.Procedure = "a.q"
			require.Equal(t, tc.want, *got)
			if tc.want.Code != "" {
				require.ErrorIs(t, query, tc.want.Code)
			}
			require.NotErrorIs(t, query, trpc.CodeForbidden)
		})
	}
}

func TestError_keepsWhatTheFormatterAdded(t *testing.T) {
	t.Parallel()
	query, _ := callOnce(t, always(409, `{"error":{"message":"m","code":-32009,"data":{"code":"CONFLICT","reason":"shipped"}}}`))
	var got *trpc.Error
	require.ErrorAs(t, query, &got)
	require.JSONEq(t, `{"code":"CONFLICT","reason":"shipped"}`, string(got.Data))
	require.Equal(t, "trpc: a.q: CONFLICT: m", query.Error())
}

func TestError_ofAWholeRequestLeavesTheOutcomeOfMutationsOpen(t *testing.T) {
	t.Parallel()
	query, mutation := callOnce(t, always(500, `{"error":{"message":"Do not know how to serialize a BigInt","code":-32603,"data":{"code":"INTERNAL_SERVER_ERROR","httpStatus":500}}}`))
	require.ErrorIs(t, mutation, trpc.ErrOutcomeUnknown)
	require.NotErrorIs(t, query, trpc.ErrOutcomeUnknown)
	_, mutation = callOnce(t, always(500, `{"error":{"message":"thrown","code":-32603,"data":{"code":"INTERNAL_SERVER_ERROR","httpStatus":500,"path":"a.m"}}}`))
	require.ErrorIs(t, mutation, trpc.CodeInternalServerError)
	require.NotErrorIs(t, mutation, trpc.ErrOutcomeUnknown)
}

func TestError_textStaysOnOneBoundedLine(t *testing.T) {
	t.Parallel()
	query, _ := callOnce(t, always(400, `{"error":{"message":"`+strings.Repeat(`x\n\u001b[31m`, 80)+`","code":-32600}}`))
	require.Less(t, len(query.Error()), 300)
	require.NotContains(t, query.Error(), "\n")
	require.NotContains(t, query.Error(), "\x1b")
}

func TestHTTPError_describesWhatIsNotTRPC(t *testing.T) {
	t.Parallel()
	page := "<!DOCTYPE html>\r\n<h1>502 Bad\tGateway</h1>"
	for name, tc := range map[string]struct {
		respond responder
		want    trpc.HTTPError
	}{
		"page":          {always(502, page, "Content-Type", "text/html"), trpc.HTTPError{Status: 502, ContentType: "text/html", Excerpt: "<!DOCTYPE html> <h1>502 Bad Gateway</h1>", Err: trpc.ErrNotTRPC, OutcomeUnknown: true}},
		"page with 200": {always(200, page, "Content-Type", "text/html"), trpc.HTTPError{Status: 200, ContentType: "text/html", Excerpt: "<!DOCTYPE html> <h1>502 Bad Gateway</h1>", Err: trpc.ErrNotTRPC, OutcomeUnknown: true}},
		"nothing":       {always(204, "", "Content-Type", ""), trpc.HTTPError{Status: 204, Err: trpc.ErrNotTRPC, OutcomeUnknown: true}},
		"null":          {always(200, "null"), trpc.HTTPError{Status: 200, ContentType: "application/json", Excerpt: "null", Err: trpc.ErrNotTRPC, OutcomeUnknown: true}},
		"no envelope":   {always(503, `{"message":"down"}`), trpc.HTTPError{Status: 503, ContentType: "application/json", Excerpt: `{"message":"down"}`, Err: trpc.ErrNotTRPC, OutcomeUnknown: true}},
		"array":         {always(200, `[]`), trpc.HTTPError{Status: 200, ContentType: "application/json", Excerpt: `[]`, Err: trpc.ErrNotTRPC, OutcomeUnknown: true}},
		"error as text": {always(500, `{"error":"oops"}`), trpc.HTTPError{Status: 500, ContentType: "application/json", Excerpt: `{"error":"oops"}`, Err: trpc.ErrNotTRPC, OutcomeUnknown: true}},
		"other case":    {always(200, `{"Result":{"data":1}}`), trpc.HTTPError{Status: 200, ContentType: "application/json", Excerpt: `{"Result":{"data":1}}`, Err: trpc.ErrNotTRPC, OutcomeUnknown: true}},
		"result null":   {always(200, `{"result":null}`), trpc.HTTPError{Status: 200, ContentType: "application/json", Excerpt: `{"result":null}`, Err: trpc.ErrNotTRPC, OutcomeUnknown: true}},
		"cut JSON":      {always(200, `{"result":{"data":{"card":"41`), trpc.HTTPError{Status: 200, ContentType: "application/json", Err: io.ErrUnexpectedEOF, OutcomeUnknown: true}},
		"redirect":      {always(302, "", "Location", "/login"), trpc.HTTPError{Status: 302, ContentType: "application/json", Err: trpc.ErrRedirect, OutcomeUnknown: true}},
		"too large":     {always(200, strings.Repeat(" ", 1<<10)+"{"), trpc.HTTPError{Status: 200, ContentType: "application/json", Err: trpc.ErrResponseTooLarge, OutcomeUnknown: true}},
		"rate limit":    {always(429, "Too Many Requests\n", "Retry-After", "3"), trpc.HTTPError{Status: 429, ContentType: "application/json", Excerpt: "Too Many Requests", RetryAfter: 3 * time.Second, Err: trpc.ErrNotTRPC}},
		"not found":     {always(404, "no such page"), trpc.HTTPError{Status: 404, ContentType: "application/json", Excerpt: "no such page", Err: trpc.ErrNotTRPC}},
		"timeout":       {always(408, ""), trpc.HTTPError{Status: 408, ContentType: "application/json", Err: trpc.ErrNotTRPC, OutcomeUnknown: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			query, mutation := callOnce(t, tc.respond)
			var got *trpc.HTTPError
			require.ErrorAs(t, mutation, &got)
			tc.want.Procedure = "a.m"
			require.Equal(t, tc.want, *got)
			require.Equal(t, tc.want.OutcomeUnknown, errors.Is(mutation, trpc.ErrOutcomeUnknown))
			require.ErrorAs(t, query, &got)
			require.ErrorIs(t, query, tc.want.Err)
			require.NotErrorIs(t, query, trpc.ErrOutcomeUnknown)
			require.NotContains(t, query.Error(), "\n")
		})
	}
}

func TestHTTPError_limitCountsFromTheLengthHeaderToo(t *testing.T) {
	t.Parallel()
	query, _ := callOnce(t, func(request) (*http.Response, error) {
		resp := reply(200, "")
		resp.ContentLength = 1<<10 + 1
		return resp, nil
	})
	require.ErrorIs(t, query, trpc.ErrResponseTooLarge)
}

func TestCall_acceptsAResponseOfExactlyTheLimit(t *testing.T) {
	t.Parallel()
	body := `{"result":{"data":{"path":"x"}}}`
	query, _ := callOnce(t, always(200, strings.Repeat(" ", 1<<10-len(body))+body))
	require.NoError(t, query)
}

func TestTransportError_keepsTheCauseButNotTheURL(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		cause   error
		unknown bool
	}{
		"reset":   {syscall.ECONNRESET, true},
		"refused": {&net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}, false},
		"no host": {&net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", IsNotFound: true}}, false},
		"eof":     {io.EOF, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			query, mutation := callOnce(t, func(request) (*http.Response, error) { return nil, tc.cause })
			var broken *trpc.TransportError
			require.ErrorAs(t, query, &broken)
			require.Equal(t, trpc.TransportError{Procedure: "a.q", Err: tc.cause}, *broken)
			require.NotContains(t, query.Error(), "peer.test")
			var wrapped *url.Error
			require.NotErrorAs(t, query, &wrapped)
			require.ErrorIs(t, mutation, tc.cause)
			require.Equal(t, tc.unknown, errors.Is(mutation, trpc.ErrOutcomeUnknown))
		})
	}
}

func TestTransportError_bodyCutShort(t *testing.T) {
	t.Parallel()
	query, mutation := callOnce(t, func(request) (*http.Response, error) {
		resp := reply(207, "")
		resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"result":`), brokenReader{io.ErrUnexpectedEOF}))
		return resp, nil
	})
	var broken *trpc.TransportError
	require.ErrorAs(t, query, &broken)
	require.Equal(t, 207, broken.Status)
	require.ErrorIs(t, query, io.ErrUnexpectedEOF)
	require.ErrorIs(t, mutation, trpc.ErrOutcomeUnknown)
}

type brokenReader struct{ err error }

func (r brokenReader) Read([]byte) (int, error) { return 0, r.err }

func TestCall_isBoundByItsContextWithoutBatching(t *testing.T) {
	t.Parallel()
	p := peer{respond: func(r request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}}
	c := p.client(t, trpc.Config{Batch: trpc.Batch{Mode: trpc.BatchOff}})
	ctx, cancel := context.WithCancelCause(t.Context())
	errGone := errors.New("gone")
	cancel(errGone)
	_, err := trpc.NewMutation[int, any]("m").Call(ctx, c, 1)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, errGone)
	require.NotErrorIs(t, err, trpc.ErrOutcomeUnknown, "a call that is over before it begins is not sent")
}

func TestRetryAfter_isReadForBothKindsOfAnswers(t *testing.T) {
	t.Parallel()
	const sent = "Wed, 21 Oct 2026 07:28:00 GMT"
	for header, want := range map[string]time.Duration{
		"0": 0, "3": 3 * time.Second, " 7 ": 7 * time.Second, "86400": 24 * time.Hour,
		"86401": trpc.MaxRetryAfter, "99999999999999999999": trpc.MaxRetryAfter,
		"-5": 0, "1.5": 0, "soon": 0, "": 0, "0x10": 0,
		"Wed, 21 Oct 2026 07:28:30 GMT":      30 * time.Second,
		"Wednesday, 21-Oct-26 07:29:00 GMT":  time.Minute,
		"Wed, 21 Oct 2026 07:00:00 GMT":      0,
		"Wed, 21 Oct 2099 07:28:00 GMT":      trpc.MaxRetryAfter,
		"Wed, 99 Oct 2026 07:28:00 GMT":      0,
		"Wed, 21 Oct 2026 07:28:30 GMT, huh": 0,
	} {
		t.Run(header, func(t *testing.T) {
			t.Parallel()
			query, _ := callOnce(t, always(429, "Too Many Requests", "Retry-After", header, "Date", sent))
			var foreign *trpc.HTTPError
			require.ErrorAs(t, query, &foreign)
			require.Equal(t, want, foreign.RetryAfter)
			query, _ = callOnce(t, always(429, `{"error":{"code":-32029}}`, "Retry-After", header, "Date", sent))
			var refused *trpc.Error
			require.ErrorAs(t, query, &refused)
			require.Equal(t, want, refused.RetryAfter)
		})
	}
}

func TestErrors_sayWhatHappenedInOneLine(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"trpc: CONFLICT":                      trpc.CodeConflict,
		"trpc: a: CONFLICT: taken":            &trpc.Error{Procedure: "a", Code: trpc.CodeConflict, Message: "taken"},
		"trpc: a: CONFLICT (outcome unknown)": &trpc.Error{Procedure: "a", Code: trpc.CodeConflict, Message: "CONFLICT", OutcomeUnknown: true},
		"trpc: a: error -7: odd":              &trpc.Error{Procedure: "a", Number: -7, Message: "odd"},
		`trpc: a: HTTP status 502 (text/html): not a tRPC response: "<h1>"`:               &trpc.HTTPError{Procedure: "a", Status: 502, ContentType: "text/html", Excerpt: "<h1>", Err: trpc.ErrNotTRPC},
		"trpc: a: HTTP status 200: missing result (outcome unknown)":                      &trpc.HTTPError{Procedure: "a", Status: 200, Err: trpc.ErrMissingResult, OutcomeUnknown: true},
		"trpc: a: HTTP status 200: incomplete response: unexpected EOF (outcome unknown)": &trpc.TransportError{Procedure: "a", Status: 200, Err: io.ErrUnexpectedEOF, OutcomeUnknown: true},
		"trpc: a: EOF":                &trpc.TransportError{Procedure: "a", Err: io.EOF},
		"trpc: a: decode result: EOF": &trpc.DecodeError{Procedure: "a", Err: io.EOF},
		"panic: boom":                 &trpc.PanicError{Value: "boom"},
	} {
		require.EqualError(t, err, want)
	}
}
