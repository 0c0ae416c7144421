package conformance_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/internal/conformance"
)

func TestReport_countsByCategory(t *testing.T) {
	t.Parallel()
	r := conformance.NewReport()
	r.Fail("polling", conformance.Failure{Name: "polling/b"})
	r.Fail("polling", conformance.Failure{Name: "polling/a", Problem: "late"})
	r.Pass("gc")
	require.Equal(t, conformance.Tally{Total: 3, Passed: 1}, r.Tally)
	require.Equal(t, []conformance.Failure{{Name: "polling/a", Problem: "late"}, {Name: "polling/b"}}, r.Failed)
	require.Equal(t, conformance.Tally{Total: 2}, r.Categories["polling"])
	require.True(t, r.Sound("gc"))
	require.False(t, r.Sound("polling"))
	require.False(t, r.Sound("focus"), "nothing was played")
}

func TestRequired_namesCategoriesOfTheCorpus(t *testing.T) {
	t.Parallel()
	for _, category := range conformance.Required() {
		entries, err := os.ReadDir(corpus + "/" + category)
		require.NoError(t, err)
		require.NotEmpty(t, entries)
	}
}
