package httpquery_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/httpquery"
	"github.com/freshet-go/freshet/querykey"
)

type order struct {
	ID string `json:"id"`
}

func Example() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"v1"`)
		if r.Header.Get("If-None-Match") == `"v1"` {
			fmt.Println("not modified")
			w.WriteHeader(http.StatusNotModified)
			return
		}
		fmt.Println("in full")
		_, _ = io.WriteString(w, `[{"id":"o-17"}]`)
	}))
	defer server.Close()
	c, _ := query.New(query.Config{})
	defer c.Close(context.Background())

	orders := query.Query[[]order]{
		Key:   querykey.Of("orders"),
		Fetch: httpquery.Resource[[]order]{URL: server.URL + "/orders"}.Fetch,
	}
	for range 2 {
		list, err := query.Fetch(context.Background(), c, orders)
		fmt.Println(list, err)
	}
	// Output:
	// in full
	// [{o-17}] <nil>
	// not modified
	// [{o-17}] <nil>
}

// peer is a server in memory.
type peer struct {
	answer func(r *http.Request) (*http.Response, error)
	asked  []*http.Request
}

func (p *peer) RoundTrip(r *http.Request) (*http.Response, error) {
	p.asked = append(p.asked, r)
	resp, err := p.answer(r)
	if resp != nil {
		resp.Request = r
	}
	return resp, err
}

func respond(status int, body string, header ...string) *http.Response {
	resp := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: -1}
	for i := 0; i+1 < len(header); i += 2 {
		resp.Header.Set(header[i], header[i+1])
	}
	return resp
}

// fetcher returns a function that fetches r anew by way of a cache, and the cache.
func fetcher[T any](t *testing.T, p *peer, r httpquery.Resource[T]) (func() (T, error), *query.Client) {
	t.Helper()
	c, err := query.New(query.Config{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close(context.WithoutCancel(t.Context()))) })
	if r.URL == "" {
		r.URL = "http://user:secret@shop.test/orders?token=secret"
	}
	if p != nil {
		r.HTTP = &http.Client{Transport: p}
	}
	return func() (T, error) {
		return query.Fetch(t.Context(), c, query.Query[T]{Key: querykey.Of("orders"), Fetch: r.Fetch})
	}, c
}

func TestFetch_asksByETag(t *testing.T) {
	t.Parallel()
	tag, body := `W/"1"`, `[{"id":"a"},{"id":"b"}]`
	p := &peer{answer: func(r *http.Request) (*http.Response, error) {
		if r.Header.Get("If-None-Match") == tag {
			return respond(http.StatusNotModified, ""), nil
		}
		return respond(http.StatusOK, body, "ETag", tag, "Last-Modified", "Mon, 02 Nov 2026 10:00:00 GMT", "Date", "Mon, 02 Nov 2026 11:00:00 GMT"), nil
	}}
	fetch, c := fetcher(t, p, httpquery.Resource[[]*order]{})
	first, err := fetch()
	require.NoError(t, err)
	again, err := fetch()
	require.NoError(t, err)
	require.Same(t, &first[0], &again[0])
	require.Empty(t, p.asked[1].Header.Get("If-Modified-Since"), "the tag is more exact")
	require.True(t, c.Explain(querykey.Of("orders")).Has(query.ReasonNotModified))
	tag, body = `"2"`, `[{"id":"a"},{"id":"c"}]`
	changed, err := fetch()
	require.NoError(t, err)
	require.Equal(t, []*order{{"a"}, {"c"}}, changed)
	require.Same(t, first[0], changed[0], "elements that are the same are kept")
	_, err = fetch()
	require.NoError(t, err)
	require.Equal(t, `"2"`, p.asked[3].Header.Get("If-None-Match"))
}

func TestFetch_asksByTimeIfThatIsDependable(t *testing.T) {
	t.Parallel()
	const modified = "Mon, 02 Nov 2026 10:00:00 GMT"
	for date, want := range map[string]string{
		"Mon, 02 Nov 2026 10:00:01 GMT": modified,
		"Mon, 02 Nov 2026 10:00:00 GMT": "",
		"":                              "",
	} {
		p := &peer{answer: func(r *http.Request) (*http.Response, error) {
			if r.Header.Get("If-Modified-Since") == modified {
				return respond(http.StatusNotModified, ""), nil
			}
			return respond(http.StatusOK, `[]`, "Last-Modified", modified, "Date", date), nil
		}}
		fetch, _ := fetcher(t, p, httpquery.Resource[[]order]{})
		for range 2 {
			_, err := fetch()
			require.NoError(t, err)
		}
		require.Equal(t, want, p.asked[1].Header.Get("If-Modified-Since"))
	}
}

func TestFetch_sameBytesAreNotModified(t *testing.T) {
	t.Parallel()
	decoded := 0
	for _, digest := range []bool{false, true} {
		n := 0
		p := &peer{answer: func(*http.Request) (*http.Response, error) {
			n++
			return respond(http.StatusOK, "a b", "ETag", fmt.Sprint(n)), nil
		}}
		decoded = 0
		r := httpquery.Resource[[]string]{Digest: digest, Decode: func(body []byte) ([]string, error) {
			decoded++
			return strings.Fields(string(body)), nil
		}}
		fetch, _ := fetcher(t, p, r)
		for range 3 {
			got, err := fetch()
			require.NoError(t, err)
			require.Equal(t, []string{"a", "b"}, got)
		}
		require.Equal(t, 1, decoded)
		require.Equal(t, "2", p.asked[2].Header.Get("If-None-Match"), "the tag is that of the last answer")
	}
}

func TestFetch_isUnconditionalAfterAWriteByHand(t *testing.T) {
	t.Parallel()
	p := &peer{answer: func(r *http.Request) (*http.Response, error) {
		if r.Header.Get("If-None-Match") != "" {
			return respond(http.StatusNotModified, ""), nil
		}
		return respond(http.StatusOK, `[{"id":"a"}]`, "ETag", `"1"`), nil
	}}
	fetch, c := fetcher(t, p, httpquery.Resource[[]order]{})
	_, err := fetch()
	require.NoError(t, err)
	require.NoError(t, query.Set(c, query.Query[[]order]{Key: querykey.Of("orders")}, nil))
	require.NoError(t, c.Invalidate(t.Context(), query.Filter{}))
	got, err := fetch()
	require.NoError(t, err)
	require.Equal(t, []order{{"a"}}, got)
}

func TestFetch_doesNotBelieveWhatAnotherAddressSays(t *testing.T) {
	t.Parallel()
	target := "http://one.test/orders"
	p := &peer{answer: func(r *http.Request) (*http.Response, error) {
		switch {
		case r.URL.Host == "shop.test":
			return respond(http.StatusFound, "", "Location", target), nil
		case r.Header.Get("If-None-Match") != "":
			return respond(http.StatusNotModified, ""), nil
		}
		return respond(http.StatusOK, `[{"id":"`+r.URL.Host+`"}]`, "ETag", `"1"`), nil
	}}
	fetch, _ := fetcher(t, p, httpquery.Resource[[]order]{})
	for _, step := range []struct {
		target, want string
		asked        int
	}{
		{"http://one.test/orders", "one.test", 2},
		{"http://one.test/orders", "one.test", 2},
		{"http://two.test/orders", "two.test", 4},
	} {
		target, p.asked = step.target, nil
		got, err := fetch()
		require.NoError(t, err)
		require.Equal(t, []order{{step.want}}, got)
		require.Len(t, p.asked, step.asked)
	}
}

func TestFetch_ofAnotherURLUnderTheSameKeyIsUnconditional(t *testing.T) {
	t.Parallel()
	p := &peer{answer: func(*http.Request) (*http.Response, error) { return respond(http.StatusOK, `1`, "ETag", `"1"`), nil }}
	c, err := query.New(query.Config{})
	require.NoError(t, err)
	defer c.Close(t.Context())
	for _, url := range []string{"http://shop.test/a", "http://shop.test/b"} {
		r := httpquery.Resource[int]{URL: url, HTTP: &http.Client{Transport: p}}
		_, err := query.Fetch(t.Context(), c, query.Query[int]{Key: querykey.Of("n"), Fetch: r.Fetch})
		require.NoError(t, err)
	}
	require.Empty(t, p.asked[1].Header.Get("If-None-Match"))
}

func TestFetch_sendsHeadersButNoConditionsOfTheUser(t *testing.T) {
	t.Parallel()
	p := &peer{answer: func(*http.Request) (*http.Response, error) { return respond(http.StatusOK, `1`), nil }}
	r := httpquery.Resource[int]{Header: func(context.Context) (http.Header, error) {
		return http.Header{"authorization": {"Bearer x"}, "if-none-match": {"*"}, "Range": {"bytes=1-2"}}, nil
	}}
	fetch, _ := fetcher(t, p, r)
	_, err := fetch()
	require.NoError(t, err)
	require.Equal(t, http.Header{"Authorization": {"Bearer x"}}, p.asked[0].Header)
}

func TestFetch_reportsStatus(t *testing.T) {
	t.Parallel()
	for status, busy := range map[int]bool{404: false, 304: false, 429: true, 503: true, 408: true} {
		p := &peer{answer: func(*http.Request) (*http.Response, error) { return respond(status, "secret"), nil }}
		fetch, _ := fetcher(t, p, httpquery.Resource[int]{})
		_, err := fetch()
		var refused *httpquery.StatusError
		require.ErrorAs(t, err, &refused)
		require.Equal(t, status, refused.Status)
		require.NotContains(t, err.Error(), "secret")
		require.Contains(t, err.Error(), "shop.test: HTTP status ")
		_, pressed := refused.Backpressure()
		require.Equal(t, busy, pressed, status)
	}
}

func TestStatusError_readsRetryAfter(t *testing.T) {
	t.Parallel()
	const date = "Mon, 02 Nov 2026 10:00:00 GMT"
	for text, want := range map[string]time.Duration{
		"":                              0,
		"7":                             7 * time.Second,
		" 0 ":                           0,
		"99999999999999999999":          24 * time.Hour,
		"999999":                        24 * time.Hour,
		"-1":                            0,
		"soon":                          0,
		"Mon, 02 Nov 2026 10:00:30 GMT": 30 * time.Second,
		"Mon, 02 Nov 2026 09:00:00 GMT": 0,
		"Mon, 02 Nov 2027 09:00:00 GMT": 24 * time.Hour,
	} {
		p := &peer{answer: func(*http.Request) (*http.Response, error) {
			return respond(http.StatusServiceUnavailable, "", "Retry-After", text, "Date", date), nil
		}}
		fetch, _ := fetcher(t, p, httpquery.Resource[int]{})
		_, err := fetch()
		var told query.Backpressure
		require.ErrorAs(t, err, &told)
		wait, _ := told.Backpressure()
		require.Equal(t, want, wait, text)
	}
	p := &peer{answer: func(*http.Request) (*http.Response, error) {
		return respond(http.StatusForbidden, "", "Retry-After", "Mon, 02 Nov 2026 10:00:30 GMT"), nil
	}}
	fetch, _ := fetcher(t, p, httpquery.Resource[int]{})
	_, err := fetch()
	var refused *httpquery.StatusError
	require.ErrorAs(t, err, &refused)
	require.Zero(t, refused.RetryAfter, "a date says nothing without that of the answer")
}

var errBroken = errors.New("broken")

type brokenBody struct{}

func (brokenBody) Read([]byte) (int, error) { return 0, errBroken }
func (brokenBody) Close() error             { return nil }

func TestFetch_failures(t *testing.T) {
	t.Parallel()
	long := respond(http.StatusOK, "") //nolint:bodyclose // there is nothing behind it
	long.ContentLength = 100
	torn := respond(http.StatusOK, "")     //nolint:bodyclose // there is nothing behind it
	three := respond(http.StatusOK, "123") //nolint:bodyclose // there is nothing behind it
	torn.Body = brokenBody{}
	denied := httpquery.Resource[int]{Header: func(context.Context) (http.Header, error) { return nil, errBroken }}
	for name, tc := range map[string]struct {
		r    httpquery.Resource[int]
		resp *http.Response
		err  error
		want error
	}{
		"no connection":     {err: errBroken, want: errBroken},
		"secret in cause":   {err: fmt.Errorf("http://x?secret: %w", errBroken), want: errBroken},
		"nested URL":        {err: &url.Error{Op: "Get", URL: "http://secret", Err: errBroken}, want: errBroken},
		"torn body":         {resp: torn, want: errBroken},
		"no header":         {r: denied, want: errBroken},
		"announced as long": {r: httpquery.Resource[int]{MaxBytes: 10}, resp: long, want: httpquery.ErrTooLarge},
		"too long":          {r: httpquery.Resource[int]{MaxBytes: 2}, resp: three, want: httpquery.ErrTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fetch, _ := fetcher(t, &peer{answer: func(*http.Request) (*http.Response, error) { return tc.resp, tc.err }}, tc.r)
			_, err := fetch()
			var broken *httpquery.TransportError
			require.ErrorAs(t, err, &broken)
			require.ErrorIs(t, err, tc.want)
			require.Contains(t, err.Error(), "httpquery: shop.test: ")
			require.NotContains(t, err.Error(), "secret")
		})
	}
}

func TestFetch_reportsAnInvalidURLWithoutIt(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"http://secret\x7f", "::secret", "ftp://secret-path"} {
		fetch, _ := fetcher(t, nil, httpquery.Resource[int]{URL: bad})
		_, err := fetch()
		var broken *httpquery.TransportError
		require.ErrorAs(t, err, &broken)
	}
	r := httpquery.Resource[int]{URL: "http://shop.test\x7f/secret"}
	_, err := r.Fetch(t.Context())
	require.NotContains(t, err.Error(), "secret")
}

func TestFetch_invalidRedirectIsNotQuoted(t *testing.T) {
	t.Parallel()
	p := &peer{answer: func(*http.Request) (*http.Response, error) {
		return respond(http.StatusFound, "", "Location", "http://a/%zz?secret"), nil
	}}
	fetch, _ := fetcher(t, p, httpquery.Resource[int]{})
	_, err := fetch()
	require.ErrorContains(t, err, "quotes a URL")
	require.NotContains(t, err.Error(), "secret")
}

func TestFetch_endOfTheContextIsTheCause(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	p := &peer{answer: func(*http.Request) (*http.Response, error) { cancel(errBroken); return nil, io.EOF }}
	_, err := httpquery.Resource[int]{URL: "http://shop.test", HTTP: &http.Client{Transport: p}}.Fetch(ctx)
	require.ErrorIs(t, err, errBroken)
}

func TestFetch_reportsABodyThatDoesNotFit(t *testing.T) {
	t.Parallel()
	p := &peer{answer: func(*http.Request) (*http.Response, error) { return respond(http.StatusOK, `"secret"`), nil }}
	fetch, _ := fetcher(t, p, httpquery.Resource[int]{})
	_, err := fetch()
	var misfit *httpquery.DecodeError
	require.ErrorAs(t, err, &misfit)
	require.NotContains(t, err.Error(), "secret")
	require.ErrorContains(t, err, "httpquery: shop.test: decode body: ")
	_, busy := misfit.Backpressure()
	require.False(t, busy)
}

func TestFetch_repeatedAfterARedirectElsewhereMayFail(t *testing.T) {
	t.Parallel()
	target, broken := "http://one.test/", false
	p := &peer{answer: func(r *http.Request) (*http.Response, error) {
		switch {
		case r.URL.Host == "shop.test":
			return respond(http.StatusFound, "", "Location", target), nil
		case r.Header.Get("If-None-Match") != "":
			return respond(http.StatusNotModified, ""), nil
		case broken:
			return nil, errBroken
		}
		return respond(http.StatusOK, `1`, "ETag", `"1"`), nil
	}}
	fetch, _ := fetcher(t, p, httpquery.Resource[int]{})
	_, err := fetch()
	require.NoError(t, err)
	target, broken = "http://two.test/", true
	_, err = fetch()
	require.ErrorIs(t, err, errBroken)
}
