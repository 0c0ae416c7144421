package docscheck_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/internal/docscheck"
)

const sound = `# Migration

| how | rows | meaning |
|---|---|---|
| done | 2 | so |
| adapted | 1 | otherwise |
| missing | 1 | later |
| left out | 1 | never |
| n/a | 1 | elsewhere |

## 1. Rivers

| # | TanStack Query | here | how | remark |
|---|---|---|---|---|
| 1.1 | ` + "`swim`" + ` | ` + "`Swim`" + ` | done | |
| 1.2 | ` + "`depth(1\\|2)`" + ` | ` + "`River.Depth`" + ` | adapted | a field |
| 1.3 | ` + "`ford`" + ` | | missing | until then ` + "`Swim`" + ` |

## 2. Lakes

| # | TanStack Query | here | how | remark |
|---|---|---|---|---|
| 2.1 | ` + "`ice`" + ` | | left out | too cold |
| 2.2 | ` + "`swim`" + ` | ` + "`Swim`" + ` | done | |
| 2.3 | ` + "`fog`" + ` | | n/a | no air |
`

func wanted() []string {
	return []string{"1.1 swim", "1.2 depth(1|2)", "1.3 ford", "2.1 ice", "2.2 swim", "2.3 fog"}
}

func TestCheckMigration_acceptsASoundTable(t *testing.T) {
	t.Parallel()
	require.Empty(t, docscheck.CheckMigration(sound, wanted(), load(t)))
}

func TestCheckMigration_finds(t *testing.T) {
	t.Parallel()
	cases := []struct {
		what, old, new string
		want           []string
	}{
		{"a name that is gone", "`River.Depth`", "`River.Height`", []string{
			"1.2 depth(1|2): River.Height: River has no Height", "1.2 depth(1|2) names nothing of the API",
		}},
		{"a wrong name in a remark", "until then `Swim`", "until then `Walk`", []string{
			"1.3 ford: Walk: no declaration of Walk",
		}},
		{"a promise without a name", "| `River.Depth` | adapted |", "| | adapted |", []string{
			"1.2 depth(1|2) names nothing of the API",
		}},
		{"an omission without a reason", "too cold", "", []string{"2.1 ice does not say why it is left out"}},
		{"an unknown verdict", "| n/a | no air", "| maybe | no air", []string{
			`2.3 fog has no known verdict: "maybe"`, `"n/a" says "1" rows, there are 0`,
		}},
		{"a wrong count", "| adapted | 1 |", "| adapted | 3 |", []string{`"adapted" says "3" rows, there are 1`}},
		{"a missing count", "| n/a | 1 | elsewhere |\n", "", []string{`"n/a" says "" rows, there are 1`}},
		{"a lost row", "| 2.1 | `ice` | | left out | too cold |\n", "", []string{
			"2.1 ice is not there", `"left out" says "1" rows, there are 0`,
		}},
		{"a row under another name", "`ice`", "`snow`", []string{
			"2.1 snow is there twice, or is no feature", "2.1 ice is not there",
		}},
		{"a row that is there twice", "| 2.1 |", "| 1.1 | `swim` | `Swim` | done | |\n| 2.1 |", []string{
			"1.1 swim is there twice, or is no feature", `1.1 swim is in section "2. Lakes"`,
			`"done" says "2" rows, there are 3`,
		}},
		{"a row without its last cell", "| n/a | no air |", "| n/a |", []string{
			"2.3: a row of 4 cells", "2.3 fog is not there", `"n/a" says "1" rows, there are 0`,
		}},
		{"a table of another kind", "| how | rows | meaning |", "| how | many | meaning |", []string{
			`a table under "Migration" is of no known kind`,
			`"done" says "" rows, there are 2`, `"adapted" says "" rows, there are 1`,
			`"missing" says "" rows, there are 1`, `"left out" says "" rows, there are 1`, `"n/a" says "" rows, there are 1`,
		}},
	}
	for _, c := range cases {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, 1, strings.Count(sound, c.old))
			document := strings.Replace(sound, c.old, c.new, 1)
			require.Equal(t, c.want, docscheck.CheckMigration(document, wanted(), load(t)))
		})
	}
}

func TestCheckMigration_boundsWhatIsLeftOut(t *testing.T) {
	t.Parallel()
	rows := wanted()
	document := strings.Replace(sound, "| left out | 1 |", "| left out | 21 |", 1)
	for i := range 20 {
		rows = append(rows, fmt.Sprintf("2.%d ice", i+4))
		document += fmt.Sprintf("| 2.%d | ice | | left out | too cold |\n", i+4)
	}
	require.Equal(t, []string{"21 rows are left out, limit 20"}, docscheck.CheckMigration(document, rows, load(t)))
}
