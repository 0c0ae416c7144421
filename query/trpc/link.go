package trpc

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"slices"
)

// Kind tells what a procedure does. The zero Kind is invalid.
type Kind uint8

// The kinds of procedures.
const (
	KindQuery        Kind = iota + 1 // reads, by GET
	KindMutation                     // changes something, by POST
	KindSubscription                 // pushes values
)

// String returns the kind as tRPC spells it.
func (k Kind) String() string {
	switch k {
	case KindQuery:
		return "query"
	case KindMutation:
		return "mutation"
	case KindSubscription:
		return "subscription"
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// Op is one call on its way to the server. Links pass it on by value; its Input
// and Header are shared and must be copied before a change.
type Op struct {
	Kind   Kind
	Path   string          // dotted name of the procedure
	Input  json.RawMessage // encoded by the transformer; nil means no input
	Header http.Header     // sent with the request; nil means none
	After  string          // of a subscription: ID of the event to go on behind
}

// Answer is the successful end of a call. Data is nil for undefined and "null"
// for null. Status and Header are those of the HTTP response, which calls of
// one batch share: do not change them.
type Answer struct {
	Data   json.RawMessage // still encoded by the server's transformer
	Status int
	Header http.Header
	// Batched says that the call shared its request with others.
	Batched bool
}

// Handler carries out a call. It must be safe for concurrent use, return soon
// after ctx is done, and leave it to the caller to wait elsewhere.
type Handler func(ctx context.Context, op Op) (Answer, error)

// Link wraps a handler to observe, change, repeat or answer calls. It is applied
// once, by [New]; the handler it returns runs once per call, on the goroutine
// of the caller.
type Link func(next Handler) Handler

// StreamHandler carries out a subscription: the sequence holds what [Event]
// describes, with data still encoded by the server's transformer. It must be
// safe for concurrent use.
type StreamHandler func(ctx context.Context, op Op) iter.Seq[Event[json.RawMessage]]

// StreamLink is a [Link] for subscriptions: it wraps a handler to observe,
// change or filter their events. It is applied once, by [New].
type StreamLink func(next StreamHandler) StreamHandler

// addHeader asks source for the headers of each call.
func addHeader(source func(context.Context) (http.Header, error)) Link {
	return func(next Handler) Handler {
		return func(ctx context.Context, op Op) (Answer, error) {
			op, err := op.withHeaders(ctx, source)
			if err != nil {
				return Answer{}, err
			}
			return next(ctx, op)
		}
	}
}

// withHeaders returns op with the headers that source has for it.
func (op Op) withHeaders(ctx context.Context, source func(context.Context) (http.Header, error)) (Op, error) {
	header, err := source(ctx)
	if err != nil {
		return op, fmt.Errorf("trpc: %s: header: %w", op.Path, err)
	}
	merged := http.Header{}
	for _, h := range []http.Header{op.Header, header} {
		for name, values := range h {
			merged[http.CanonicalHeaderKey(name)] = slices.Clone(values)
		}
	}
	op.Header = merged
	return op, nil
}

// withHeader returns op with one header replaced, without touching the old one.
func (op Op) withHeader(name, value string) Op {
	op.Header = maps.Clone(op.Header)
	if op.Header == nil {
		op.Header = http.Header{}
	}
	op.Header.Set(name, value)
	return op
}
