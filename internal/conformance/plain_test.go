package conformance_test

import (
	"os"
	"regexp"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/internal/conformance"
)

// With plain defaults the client departs from query-core where
// query/DIFFERENCES.md says so, and nowhere else.
func TestPlayPlain_differsOnlyWhereTheListSaysSo(t *testing.T) {
	files, err := conformance.Load(os.DirFS("testdata"), "scenarios")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var differ []string
	for _, f := range files {
		require.NoError(t, f.Err)
		var trace []any
		var broken error
		synctest.Test(t, func(*testing.T) { trace, broken = f.Scenario.PlayPlain() })
		if broken != nil || conformance.Compare(f.Scenario.Expect, trace) != nil {
			differ = append(differ, f.Scenario.Name)
		}
	}
	slices.Sort(differ)
	require.Equal(t, listed(t), differ)
}

// listed are the scenarios that the list names.
func listed(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../../query/DIFFERENCES.md")
	require.NoError(t, err)
	var names []string
	for _, m := range regexp.MustCompile("`([a-z-]+/[a-z0-9-]+)`").FindAllStringSubmatch(string(text), -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}
