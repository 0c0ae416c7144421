package trpc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// NoInput is the input type of procedures that take none. It is left out of
// the request.
type NoInput struct{}

// Query is a procedure that reads: it is sent by GET and may be repeated. Make
// it with [NewQuery]. It is an immutable value, may be copied and compared, and
// holds no state, so it can be a package variable.
type Query[In, Out any] struct{ path string }

// NewQuery returns the query at path, the dotted name of the procedure such as
// "orderStatus.getOrderById". An invalid path is reported by the first call.
func NewQuery[In, Out any](path string) Query[In, Out] { return Query[In, Out]{path: path} }

// Path returns the dotted name of the procedure.
func (q Query[In, Out]) Path() string { return q.path }

// Call asks the server and waits for the result or for ctx. A result that is
// undefined gives the zero Out, null gives what JSON null decodes to. The
// package comment lists the errors. It never panics: a panic in code it calls
// is returned as [*PanicError].
func (q Query[In, Out]) Call(ctx context.Context, c *Client, in In) (Out, error) {
	return call[Out](ctx, c, Op{Kind: KindQuery, Path: q.path}, in)
}

// Mutation is a procedure that changes something: it is sent by POST and
// never repeated, except when the token was refused. Make it with [NewMutation]. It is an immutable value, may be copied and
// compared, and holds no state, so it can be a package variable.
type Mutation[In, Out any] struct{ path string }

// NewMutation returns the mutation at path, the dotted name of the procedure
// such as "orderStatus.confirmOrder". An invalid path is reported by the first
// call.
func NewMutation[In, Out any](path string) Mutation[In, Out] { return Mutation[In, Out]{path: path} }

// Path returns the dotted name of the procedure.
func (m Mutation[In, Out]) Path() string { return m.path }

// Call asks the server and waits for the result or for ctx. It behaves like
// [Query.Call], and when the answer is lost after the request was sent, the
// error matches [ErrOutcomeUnknown]: the mutation may have run. Mutations of one
// batch run in no particular order.
func (m Mutation[In, Out]) Call(ctx context.Context, c *Client, in In) (Out, error) {
	return call[Out](ctx, c, Op{Kind: KindMutation, Path: m.path}, in)
}

func call[Out any](ctx context.Context, c *Client, op Op, in any) (Out, error) {
	var out Out
	if err := c.call(ctx, op, in, &out); err != nil {
		var zero Out // decoding may have filled a part of out
		return zero, err
	}
	return out, nil
}

// encodeInput returns nil for an input to leave out. A nil Go value would become
// null, which validators of optional inputs refuse.
func encodeInput(t Transformer, in any) (json.RawMessage, error) {
	if in == nil {
		return nil, nil
	}
	if _, none := in.(NoInput); none {
		return nil, nil
	}
	switch v := reflect.ValueOf(in); v.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice:
		if v.IsNil() {
			return nil, nil
		}
	}
	return t.Encode(in)
}

// checkPath admits what travels unescaped in a URL path and cannot be taken for
// a separator of calls.
func checkPath(path string) error {
	if path == "" {
		return errors.New("trpc: procedure without a path")
	}
	invalid := func(r rune) bool {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		return !letter && !strings.ContainsRune("._-~$!*'()@:", r)
	}
	if strings.ContainsFunc(path, invalid) || strings.Trim(path, ".") == "" {
		return fmt.Errorf("trpc: invalid procedure path %q", path)
	}
	return nil
}
