package docscheck_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/internal/docscheck"
)

// A document is edited by hand: whatever is in it, the check must come to an end
// and put every name on one side only.
func FuzzNames_anyDocument(f *testing.F) {
	f.Add("| `Swim(` | `River.Flow` |\n|---|\n| `a.b.` | `[{(` |")
	f.Add("# h\n```\n| x |\n```\n|\n||\n|\\|")
	f.Add("`query.River[A{]}.Flow`")
	api, err := docscheck.Load(tree())
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, document string) {
		known, unknown := api.Names(document)
		require.NotContains(t, known, "")
		for _, name := range known {
			again, lost := api.Names("`" + name + "`")
			require.Equal(t, []string{name}, again)
			require.Empty(t, lost)
		}
		require.NotContains(t, unknown, "")
		for _, table := range docscheck.Tables(document) {
			require.NotEmpty(t, table.Header)
		}
	})
}
