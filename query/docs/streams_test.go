package docs_test

import (
	"context"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/querytest"
	"github.com/freshet-go/freshet/querykey"
)

// Search finds what begins with term.
func (shop) Search(_ context.Context, term string) iter.Seq2[string, error] {
	fmt.Println("SEARCH", term)
	return func(yield func(string, error) bool) {
		if yield(term, nil) {
			yield(term+"shade", nil)
		}
	}
}

// [snippet hits]

// Hits are the hits of a search, shown as they are found.
func Hits(term string) query.Query[[]string] {
	return query.Streamed[[]string, string]{
		Key:    querykey.Of("hits", term),
		Source: func(ctx context.Context) iter.Seq2[string, error] { return api.Search(ctx, term) },
	}.Query()
}

// [end]

func Example_hits() {
	ctx := context.Background()
	client, closing := open(query.Config{})
	defer closing()
	// [snippet fetch hits]
	hits, err := query.Fetch(ctx, client, Hits("lamp"))
	fmt.Println(hits, err)
	// [end]

	// Output:
	// SEARCH lamp
	// [lamp lampshade] <nil>
}

// slowly is a source that takes a second for each line.
func slowly(h *querytest.Harness, lines ...string) func(context.Context) iter.Seq2[string, error] {
	return func(ctx context.Context) iter.Seq2[string, error] {
		return func(yield func(string, error) bool) {
			for _, line := range lines {
				select {
				case <-h.Clock().After(time.Second):
				case <-ctx.Done():
					yield("", context.Cause(ctx))
					return
				}
				if !yield(line, nil) {
					return
				}
			}
		}
	}
}

// [snippet replace]

func TestStreams_replaceKeepsTheOldOnes(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		lines := query.Streamed[[]string, string]{Key: querykey.Of("log"), Mode: query.StreamReplace, Source: slowly(h, "a", "b")}
		seen := querytest.Watch(h, lines.Query())
		h.Advance(2 * time.Second) // each line takes one
		require.Equal(h, []string{"a", "b"}, seen.Last().Data())
		go func() { _ = h.Client().Refetch(h.Context(), query.Filter{}) }()
		h.Advance(time.Second)
		require.True(h, seen.Last().IsFetching())
		require.Equal(h, []string{"a", "b"}, seen.Last().Data(), "not a alone")
	})
}

// [end]
