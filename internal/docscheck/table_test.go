package docscheck_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/internal/docscheck"
)

func TestTables_readsCellsUnderTheirHeading(t *testing.T) {
	t.Parallel()
	const document = "# One\n\ntext | no table\n\n" +
		"| a | b |\n|---|:-:|\n| `x\\|y` |  |\n|1|2|\n\n" +
		"```go\n| no | table |\n# no heading\n```\n\n" +
		"## 2. Two\n| c |\n|---|\n\n| d |\n|---|\n| e |\n"
	require.Equal(t, []docscheck.Table{
		{Heading: "One", Header: []string{"a", "b"}, Rows: [][]string{{"`x|y`", ""}, {"1", "2"}}},
		{Heading: "2. Two", Header: []string{"c"}},
		{Heading: "2. Two", Header: []string{"d"}, Rows: [][]string{{"e"}}},
	}, docscheck.Tables(document))
}

func TestTables_findsNoneInText(t *testing.T) {
	t.Parallel()
	require.Empty(t, docscheck.Tables("# Heading\n\ntext\n"))
}
