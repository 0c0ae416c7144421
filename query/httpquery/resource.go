package httpquery

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/freshet-go/freshet/internal/httperr"
	"github.com/freshet-go/freshet/query"
)

const defaultMaxBytes = 16 << 20

// Resource is something that a server gives away by GET. Only URL is required. It is
// a plain value and may be used by several goroutines.
type Resource[T any] struct {
	// URL is where it is. Whatever distinguishes answers belongs in the key of the
	// query, the identity of the user included: one entry is one resource.
	URL string
	// HTTP carries the requests. Nil means http.DefaultClient. Contexts bound them.
	HTTP *http.Client
	// Header returns what is sent along, authorization say. It is asked for each
	// request. Conditions and Range are not its business.
	Header func(ctx context.Context) (http.Header, error)
	// MaxBytes limits the body of an answer. Zero means 16 MiB.
	MaxBytes int64
	// Decode makes data of a body. Nil means JSON.
	Decode func(body []byte) (T, error)
	// Member and Digest say what is remembered of a body, as in query.Body.
	Member string
	Digest bool
}

// known is what is remembered of an answer.
type known[T any] struct {
	url          string // asked
	from         string // that answered, after redirects
	etag         string
	lastModified string
	body         *query.Decoded[T]
}

// Fetch is a fetch function. It returns query.ErrNotModified if what the cache has is
// what the server would send. Used without a cache it gets everything each time.
func (r Resource[T]) Fetch(ctx context.Context) (data T, err error) {
	info, _ := query.FetchInfoFrom(ctx)
	have, _ := info.Remembered().(*known[T])
	if have != nil && have.url != r.URL {
		have = nil // another resource under the same key
	}
	resp, err := r.get(ctx, have)
	if err != nil {
		return data, err
	}
	if resp.StatusCode == http.StatusNotModified && have != nil && address(resp) != have.from {
		// Redirected to another one, which was asked for what we have of the first.
		resp.Body.Close() //nolint:errcheck // nothing was read
		have = nil
		if resp, err = r.get(ctx, nil); err != nil {
			return data, err
		}
	}
	defer resp.Body.Close() //nolint:errcheck // reading has reported what matters
	switch {
	case resp.StatusCode == http.StatusNotModified && have != nil && have.conditional():
		return data, query.ErrNotModified
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		return data, &StatusError{Host: r.host(), Status: resp.StatusCode, RetryAfter: httperr.RetryAfter(resp.Header, time.Time{})}
	}
	body, err := r.read(resp)
	if err != nil {
		return data, &TransportError{Host: r.host(), Status: resp.StatusCode, Err: causeOf(ctx, err)}
	}
	info.Received(len(body), false)
	return r.take(info, have, resp, body)
}

// take decodes a body that has come, with the help of what there is.
func (r Resource[T]) take(info query.FetchInfo, have *known[T], resp *http.Response, body []byte) (data T, err error) {
	var before *query.Decoded[T]
	if have != nil {
		before = have.body
	}
	next, err := query.Body[T]{Decode: r.Decode, Member: r.Member, Digest: r.Digest}.Next(before, body)
	if err != nil {
		return data, &DecodeError{Host: r.host(), Err: errors.Unwrap(err)}
	}
	info.Remember(&known[T]{
		url: r.URL, from: address(resp), etag: resp.Header.Get("Etag"), lastModified: dependable(resp.Header), body: next,
	})
	if next == before {
		return data, query.ErrNotModified
	}
	return next.Data(), nil
}

// get asks for the resource, unless it is still what we have.
func (r Resource[T]) get(ctx context.Context, have *known[T]) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.URL, nil)
	if err != nil {
		return nil, &TransportError{Host: r.host(), Err: causeOf(ctx, err)}
	}
	if r.Header != nil {
		header, err := r.Header(ctx)
		if err != nil {
			return nil, &TransportError{Host: r.host(), Err: err}
		}
		for name, values := range header {
			req.Header[http.CanonicalHeaderKey(name)] = slices.Clone(values)
		}
	}
	for _, name := range []string{"If-None-Match", "If-Modified-Since", "Range"} {
		req.Header.Del(name)
	}
	if have != nil {
		have.ask(req.Header)
	}
	client := r.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, &TransportError{Host: r.host(), Err: causeOf(ctx, err)}
	}
	return resp, nil
}

// ask makes a request conditional. An ETag is more exact than a time.
func (k *known[T]) ask(header http.Header) {
	switch {
	case k.etag != "":
		header.Set("If-None-Match", k.etag)
	case k.lastModified != "":
		header.Set("If-Modified-Since", k.lastModified)
	}
}

func (k *known[T]) conditional() bool { return k.etag != "" || k.lastModified != "" }

func (r Resource[T]) read(resp *http.Response) ([]byte, error) {
	limit := r.MaxBytes
	if limit <= 0 {
		limit = defaultMaxBytes
	}
	if resp.ContentLength > limit {
		return nil, ErrTooLarge
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err == nil && int64(len(body)) > limit {
		err = ErrTooLarge
	}
	return body, err
}

// host names the server in errors. The rest of a URL may be secret.
func (r Resource[T]) host() string {
	u, err := url.Parse(r.URL)
	if err != nil {
		return ""
	}
	return u.Host
}

// address is what has answered.
func address(resp *http.Response) string {
	if resp.Request == nil || resp.Request.URL == nil {
		return ""
	}
	return resp.Request.URL.String()
}
