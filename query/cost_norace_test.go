//go:build !race

// Under the race detector sync.Pool forgets at random, and counts are not exact.

package query_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

func TestAllocs_firstFetch(t *testing.T) { //nolint:paralleltest // counts allocations
	c, _ := prepared(t)
	v := new(int)
	ctx := t.Context()
	n := 0
	got := testing.AllocsPerRun(2000, func() {
		n++
		if _, err := query.Fetch(ctx, c, unused(key("first", n), v)); err != nil {
			t.Error(err)
		}
	})
	require.LessOrEqual(t, got, 18.0, "key and functions included")
}
