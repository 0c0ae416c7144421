package share_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/internal/share"
)

func FuzzShare_json(f *testing.F) {
	f.Add([]byte(`{"a":[1,{"b":null}],"c":"x"}`), []byte(`{"a":[1,{"b":2}],"c":"x"}`))
	f.Add([]byte(`[]`), []byte(`{}`))
	f.Add([]byte(`[[],[1],[[2]]]`), []byte(`[[],[1],[[2]]]`))
	f.Fuzz(func(t *testing.T, oldDoc, nextDoc []byte) {
		var old, next any
		if json.Unmarshal(oldDoc, &old) != nil || json.Unmarshal(nextDoc, &next) != nil {
			t.Skip("not JSON")
		}
		oldCopy, nextCopy := clone(old), clone(next)

		out := share.Share(old, next)

		require.Equal(t, next, out)
		require.Equal(t, oldCopy, old)
		require.Equal(t, nextCopy, next)
		if reflect.DeepEqual(old, next) {
			require.True(t, share.Same(out, old))
		}
	})
}
