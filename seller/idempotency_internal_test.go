package seller

import (
	"context"
	"strconv"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

func TestRuns_keyLivesAsLongAsItsRun_S22(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := 0
		r := runs{newKey: func() string { n++; return strconv.Itoa(n) }}
		one, end := context.WithCancel(t.Context())
		other, endOther := context.WithCancel(t.Context())
		defer endOther()
		require.Equal(t, "1", r.key(one, ""))
		require.Equal(t, "2", r.key(other, ""))
		require.Equal(t, "1", r.key(one, ""))
		end()
		synctest.Wait()
		require.Len(t, r.keys, 1, "what has ended is forgotten")
		require.Equal(t, "2", r.key(other, ""))
	})
}
