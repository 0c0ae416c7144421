package trpc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// request is one HTTP request to make. Its calls have the same kind and equal
// headers.
type request struct {
	ops    []Op
	batch  bool // as a batch, even of one
	stream bool // answered call by call, if the server can

	params []byte // connection params, as JSON
	after  string // ID to go on behind, where a header cannot take it
}

// fail gives every call of r an error of its own.
func (r request) fail(because func(Op) error) []outcome {
	outcomes := make([]outcome, len(r.ops))
	for i, op := range r.ops {
		outcomes[i].err = because(op)
	}
	return outcomes
}

// base is the address of the router, split where procedure paths go in.
type base struct {
	prefix string // without a trailing slash
	query  string // without a question mark
}

// parseBase reads the address in the named field of Config.
func parseBase(field, text string) (base, error) {
	if text == "" {
		return base{}, fmt.Errorf("trpc: %s is empty", field)
	}
	u, err := url.Parse(text)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err // the text of the whole may hold a password
		}
		return base{}, fmt.Errorf("trpc: %s: %w", field, err)
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return base{}, fmt.Errorf("trpc: %s: scheme %q is neither http nor https", field, u.Scheme)
	case u.Host == "":
		return base{}, fmt.Errorf("trpc: %s has no host", field)
	case strings.Contains(text, "#"):
		return base{}, fmt.Errorf("trpc: %s has a fragment", field)
	}
	prefix, query, _ := strings.Cut(text, "?")
	return base{prefix: strings.TrimSuffix(prefix, "/"), query: query}, nil
}

// url returns the address of r. Inputs of queries travel in it.
func (b base) url(r request) string {
	var s strings.Builder
	s.WriteString(b.prefix)
	s.WriteByte('/')
	for i, op := range r.ops {
		if i > 0 {
			s.WriteByte(',')
		}
		s.WriteString(op.Path)
	}
	separator := byte('?')
	add := func(parameter string) {
		s.WriteByte(separator)
		s.WriteString(parameter)
		separator = '&'
	}
	if b.query != "" {
		add(b.query)
	}
	if r.batch {
		add("batch=1")
	}
	if r.params != nil {
		add("connectionParams=" + url.QueryEscape(string(r.params)))
	}
	if r.after != "" {
		add("lastEventId=" + url.QueryEscape(r.after))
	}
	if r.ops[0].Kind != KindMutation {
		// Version 10 insists on the input map of a batch, even an empty one.
		if input := r.input(); input != nil {
			add("input=" + url.QueryEscape(string(input)))
		}
	}
	return s.String()
}

// input returns the JSON text of what the calls of r are given.
func (r request) input() []byte {
	if !r.batch {
		return r.ops[0].Input
	}
	text := []byte{'{'}
	for i, op := range r.ops {
		if op.Input == nil {
			continue
		}
		if len(text) > 1 {
			text = append(text, ',')
		}
		text = append(text, '"')
		text = strconv.AppendInt(text, int64(i), 10)
		text = append(text, '"', ':')
		text = append(text, op.Input...)
	}
	return append(text, '}')
}

func (b base) newRequest(ctx context.Context, r request) (*http.Request, error) {
	method, body := http.MethodGet, io.Reader(nil)
	if r.ops[0].Kind == KindMutation {
		method, body = http.MethodPost, bytes.NewReader(r.input())
	}
	req, err := http.NewRequestWithContext(ctx, method, b.url(r), body)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", causeOf(ctx, err))
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.stream {
		req.Header.Set("Trpc-Accept", "application/jsonl")
		req.Header.Set("Accept-Encoding", "identity") // compression may hold lines back
	}
	for name, values := range r.ops[0].Header {
		req.Header[http.CanonicalHeaderKey(name)] = slices.Clone(values)
	}
	return req, nil
}
