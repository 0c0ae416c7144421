package trpc_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http/httptrace"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query/trpc"
	"github.com/freshet-go/freshet/query/trpc/trpctest"
)

// faultCase is trouble at the server and what every call of the request it hits
// must come to.
type faultCase struct {
	fault   trpctest.Fault
	check   func(error) error // nil means that the call succeeds
	unknown bool              // outcome of a mutation
}

func refusedWith(code trpc.Code, after time.Duration) func(error) error {
	return func(err error) error {
		var refused *trpc.Error
		if !errors.As(err, &refused) || refused.Code != code || refused.RetryAfter != after {
			return fmt.Errorf("not %v after %s: %w", string(code), after, err)
		}
		return nil
	}
}

func foreignWith(status int, cause error, after time.Duration) func(error) error {
	return func(err error) error {
		var foreign *trpc.HTTPError
		if !errors.As(err, &foreign) || foreign.Status != status || !errors.Is(err, cause) || foreign.RetryAfter != after {
			return fmt.Errorf("not status %d with %w: %w", status, cause, err)
		}
		return nil
	}
}

func brokenWith(status int, cause error) func(error) error {
	return func(err error) error {
		var broken *trpc.TransportError
		if !errors.As(err, &broken) || broken.Status != status || cause != nil && !errors.Is(err, cause) {
			return fmt.Errorf("not broken by %w with status %d: %w", cause, status, err)
		}
		return nil
	}
}

// faultCases has every kind of request fault that the server can inject, except
// stall and short_batch, which have tests of their own.
func faultCases() map[string]faultCase {
	return map[string]faultCase{
		"trpc_error":        {trpctest.Fault{Kind: "trpc_error"}, refusedWith(trpc.CodeInternalServerError, 0), false},
		"trpc_error named":  {trpctest.Fault{Kind: "trpc_error", Code: "SERVICE_UNAVAILABLE", Message: "down"}, refusedWith(trpc.CodeServiceUnavailable, 0), false},
		"html_502":          {trpctest.Fault{Kind: "html_502"}, foreignWith(502, trpc.ErrNotTRPC, 0), true},
		"html_504":          {trpctest.Fault{Kind: "html_502", Status: 504}, foreignWith(504, trpc.ErrNotTRPC, 0), true},
		"html_200":          {trpctest.Fault{Kind: "html_200"}, foreignWith(200, trpc.ErrNotTRPC, 0), true},
		"empty":             {trpctest.Fault{Kind: "empty"}, foreignWith(502, trpc.ErrNotTRPC, 0), true},
		"empty 200":         {trpctest.Fault{Kind: "empty", Status: 200}, foreignWith(200, trpc.ErrNotTRPC, 0), true},
		"empty 204":         {trpctest.Fault{Kind: "empty", Status: 204}, foreignWith(204, trpc.ErrNotTRPC, 0), true},
		"json_error":        {trpctest.Fault{Kind: "json_error"}, foreignWith(503, trpc.ErrNotTRPC, 0), true},
		"json null":         {trpctest.Fault{Kind: "json_error", Status: 200, Body: "null"}, foreignWith(200, trpc.ErrNotTRPC, 0), true},
		"json text":         {trpctest.Fault{Kind: "json_error", Status: 500, Body: `{"error":"oops"}`}, foreignWith(500, trpc.ErrNotTRPC, 0), true},
		"redirect":          {trpctest.Fault{Kind: "redirect"}, foreignWith(302, trpc.ErrRedirect, 0), true},
		"redirect 301":      {trpctest.Fault{Kind: "redirect", Status: 301}, foreignWith(301, trpc.ErrRedirect, 0), true},
		"redirect 307":      {trpctest.Fault{Kind: "redirect", Status: 307}, foreignWith(307, trpc.ErrRedirect, 0), true},
		"rate_limit_trpc":   {trpctest.Fault{Kind: "rate_limit_trpc", RetryAfter: 2}, refusedWith(trpc.CodeTooManyRequests, 2*time.Second), false},
		"rate_limit_plain":  {trpctest.Fault{Kind: "rate_limit_plain", RetryAfter: 3}, foreignWith(429, trpc.ErrNotTRPC, 3*time.Second), false},
		"rate limit, past":  {trpctest.Fault{Kind: "rate_limit_plain", RetryAfter: "Wed, 21 Oct 2015 07:28:00 GMT"}, foreignWith(429, trpc.ErrNotTRPC, 0), false},
		"reset_before":      {trpctest.Fault{Kind: "reset_before"}, brokenWith(0, nil), true},
		"applied_then":      {trpctest.Fault{Kind: "applied_then_reset"}, brokenWith(0, nil), true},
		"reset_mid_body":    {trpctest.Fault{Kind: "reset_mid_body", AfterBytes: 9}, brokenWith(200, nil), true},
		"truncated_json":    {trpctest.Fault{Kind: "truncated_json", AfterBytes: 9}, foreignWith(200, io.ErrUnexpectedEOF, 0), true},
		"truncated_chunked": {trpctest.Fault{Kind: "truncated_chunked", AfterBytes: 9}, brokenWith(200, io.ErrUnexpectedEOF), true},
		"slow_drip":         {trpctest.Fault{Kind: "slow_drip"}, nil, false},
		"cut_stream":        {trpctest.Fault{Kind: "cut_stream"}, nil, false}, // these answers are no streams
	}
}

func TestInterop_everyRequestFaultIsAClearError(t *testing.T) {
	t.Parallel()
	s := trpctest.Start(t)
	for name, tc := range faultCases() {
		for _, calls := range []int{1, 3} {
			c := realClient(t, s, trpc.Config{Batch: fullBatch(calls)})
			s.ResetCounters()
			s.Inject(tc.fault)
			together(calls, func(int) {
				out, err := queryRaw(t, c, "wire.echo", `"xxxxxxxxxx"`)
				requireFault(t, name, tc, out, err, false)
			})
			s.Inject(tc.fault)
			together(calls, func(int) {
				out, err := mutateRaw(t, c, "wire.echoMutation", `"xxxxxxxxxx"`)
				requireFault(t, name, tc, out, err, tc.unknown)
			})
			counted := s.Counters()
			require.Equal(t, map[string]int{tc.fault.Kind: 2}, counted.HTTP.Faults, name)
			require.Equal(t, 2, counted.HTTP.Requests, "%s: nothing is repeated, no redirect is followed", name)
		}
	}
}

// requireFault may run on any goroutine.
func requireFault(t *testing.T, name string, tc faultCase, out string, err error, unknown bool) {
	t.Helper()
	if tc.check == nil {
		if err != nil || out != `{"present":true,"input":"xxxxxxxxxx"}` {
			t.Errorf("%s: %s, %v", name, out, err)
		}
		return
	}
	if err == nil {
		t.Errorf("%s: no error", name)
		return
	}
	if complaint := tc.check(err); complaint != nil {
		t.Errorf("%s: %v", name, complaint)
	}
	if errors.Is(err, trpc.ErrOutcomeUnknown) != unknown {
		t.Errorf("%s: outcome unknown should be %v: %v", name, unknown, err)
	}
}

func TestInterop_everyKindOfRequestFaultIsTested(t *testing.T) {
	t.Parallel()
	s := trpctest.Start(t)
	var help struct {
		RequestFaults map[string]string `json:"requestFaults"`
	}
	s.Control("help", nil, &help)
	tested := []string{"stall", "short_batch"}
	for _, tc := range faultCases() {
		tested = append(tested, tc.fault.Kind)
	}
	require.NotEmpty(t, help.RequestFaults)
	for kind := range help.RequestFaults {
		require.True(t, slices.Contains(tested, kind), kind)
	}
}

func TestInterop_shortBatchFailsTheMissingCallsOnly(t *testing.T) {
	t.Parallel()
	s := trpctest.Start(t)
	s.Inject(trpctest.Fault{Kind: "short_batch", Drop: 2})
	c := realClient(t, s, trpc.Config{Batch: fullBatch(3)})
	errs := make([]error, 3)
	together(3, func(i int) { _, errs[i] = mutateRaw(t, c, "wire.touch", "") })
	missing := 0
	for _, err := range errs {
		if err != nil {
			missing++
			require.ErrorIs(t, err, trpc.ErrMissingResult)
			require.ErrorIs(t, err, trpc.ErrOutcomeUnknown)
		}
	}
	require.Equal(t, 2, missing)
	s.Inject(trpctest.Fault{Kind: "short_batch"})
	out, err := queryRaw(t, realClient(t, s, trpc.Config{}), "wire.ping", "")
	require.NoError(t, err, "a single answer has nothing to drop")
	require.JSONEq(t, `{"pong":true}`, out)
}

func TestInterop_callsOfABatchFailOneByOne(t *testing.T) {
	t.Parallel()
	s := trpctest.Start(t)
	s.Inject(trpctest.Fault{Kind: "trpc_error", Scope: "call", Procedure: "wire.echo", Code: "TIMEOUT", Message: "slow"})
	c := realClient(t, s, trpc.Config{Batch: fullBatch(2)})
	together(2, func(i int) {
		path := []string{"wire.ping", "wire.echo"}[i]
		if _, err := queryRaw(t, c, path, ""); errors.Is(err, trpc.CodeTimeout) != (i == 1) {
			t.Errorf("%s: %v", path, err)
		}
	})
}

func TestInterop_stalledCallEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s := trpctest.Start(t)
	for _, batch := range []trpc.Batch{{}, {Mode: trpc.BatchOff}} {
		s.Inject(trpctest.Fault{Kind: "stall"})
		c := realClient(t, s, trpc.Config{Batch: batch})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { cancel() }})
		_, err := trpc.NewMutation[trpc.NoInput, any]("wire.touch").Call(ctx, c, trpc.NoInput{})
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, trpc.ErrOutcomeUnknown)
	}
}

func TestInterop_mutationWithALostAnswerWasApplied(t *testing.T) {
	t.Parallel()
	s := trpctest.Start(t)
	c := realClient(t, s, trpc.Config{Auth: trpc.BearerToken("tok-1")})
	before := s.State("seller_1").Payouts
	s.Inject(trpctest.Fault{Kind: "applied_then_reset"})
	payout := `{"amountCents":2000,"currency":"USD","idempotencyKey":"k1"}`
	_, err := mutateRaw(t, c, "finance.schedulePayout", payout)
	require.ErrorIs(t, err, trpc.ErrOutcomeUnknown)
	out, err := mutateRaw(t, c, "finance.schedulePayout", payout)
	require.NoError(t, err, "this server recognises its own key")
	require.Contains(t, out, `"payout"`)
	require.Equal(t, before+1, s.State("seller_1").Payouts)
}

func TestInterop_unreachableServerKeepsTheOutcomeKnown(t *testing.T) {
	t.Parallel()
	c, err := trpc.New(trpc.Config{URL: "http://127.0.0.1:1/trpc"})
	require.NoError(t, err)
	defer func() { require.NoError(t, c.Close(context.WithoutCancel(t.Context()))) }()
	_, err = trpc.NewMutation[json.RawMessage, any]("m").Call(t.Context(), c, json.RawMessage("1"))
	var broken *trpc.TransportError
	require.ErrorAs(t, err, &broken)
	require.NotErrorIs(t, err, trpc.ErrOutcomeUnknown)
	require.NotContains(t, err.Error(), "http://")
}
