package trpc

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/freshet-go/freshet/query"
)

// Fetch returns a fetch function for package query that asks for the procedure with
// in. Unlike [Query.Call] it has the cache remember the result as it came: the same
// bytes again are not modified data, so they are not decoded and nothing is compared,
// and without a transformer only those elements of a list are decoded that have
// changed. Remember says how; its zero value is right for lists and small results.
// The errors are those of Call.
//
// The call has to be the whole of the fetch. A function that makes several calls, or
// something else of the result than data, uses Call.
func (q Query[In, Out]) Fetch(c *Client, in In, remember Remember) func(context.Context) (Out, error) {
	return func(ctx context.Context) (Out, error) {
		s := &selective[Out]{ctx: ctx, how: remember}
		if err := c.call(ctx, Op{Kind: KindQuery, Path: q.path}, in, s); err != nil {
			var zero Out
			return zero, err
		}
		return s.out, s.err
	}
}

// Remember says what [Query.Fetch] remembers of a result.
type Remember struct {
	// Member names the member of the result that holds its elements, as in
	// {"orders": […]}; see Body.Member in package query. Empty means that the result
	// is the list.
	Member string
	// Digest remembers a SHA-256 in place of the bytes: less memory for large results,
	// more time, and everything is decoded if anything has changed.
	Digest bool
}

// selective takes the result of a call that is a whole fetch.
type selective[Out any] struct {
	ctx context.Context //nolint:containedctx // of the one call it is made for
	how Remember
	out Out
	err error
}

// receiver decides itself what becomes of a result.
type receiver interface {
	receive(t Transformer, data json.RawMessage) error
}

// decodeInto decodes data into out, unless out decides itself.
func decodeInto(t Transformer, data json.RawMessage, out any) error {
	if r, ok := out.(receiver); ok {
		return r.receive(t, data)
	}
	return t.Decode(data, out)
}

func (s *selective[Out]) receive(t Transformer, data json.RawMessage) error {
	body := query.Body[Out]{Member: s.how.Member, Digest: s.how.Digest}
	if _, plain := t.(plainJSON); !plain {
		body.Decode = func(wire []byte) (out Out, err error) {
			err = t.Decode(wire, &out)
			return out, err
		}
	}
	s.out, s.err = body.Answer(s.ctx, data)
	if errors.Is(s.err, query.ErrNotModified) {
		return nil
	}
	if cause := errors.Unwrap(s.err); cause != nil { // what body adds is said already
		return cause
	}
	return s.err
}
