package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

const one = `
# A comment.

a sum is the sum
./sum
- return a + b
+ return a - b
`

func TestParse_readsParagraphs(t *testing.T) {
	t.Parallel()
	table, err := parse(one + `
two lines are replaced by none
./sum
- a++
- b++
`)
	require.NoError(t, err)
	require.Len(t, table, 2)
	require.Equal(t, 1, table[0].number)
	require.Equal(t, "a sum is the sum", table[0].behaviour)
	require.Equal(t, "./sum", table[0].pkg)
	require.Equal(t, "return a - b", table[0].next)
	require.Equal(t, 2, table[1].number)
	require.Empty(t, table[1].next)
	require.True(t, table[1].old.MatchString("\t\ta++\n\t\t\tb++\n"), "indentation does not matter")
}

func TestParse_saysWhatIsWrong(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ text, want string }{
		"no package":      {"a\n- b\n+ c", "names no package"},
		"nothing else":    {"a", "names no package"},
		"nothing changed": {"a\n./b", "nothing is changed"},
		"the same again":  {"a\n./b\n- c\n+ c", "nothing is changed"},
		"the wrong order": {"a\n./b\n+ c\n- d", "out of place"},
		"neither of both": {"a\n./b\n- c\nd", "out of place"},
		"a name twice":    {one + one, "is there twice"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := parse(tc.text)
			require.ErrorContains(t, err, tc.want)
		})
	}
}

func TestChoose_byBehaviour(t *testing.T) {
	t.Parallel()
	table, err := parse(one)
	require.NoError(t, err)
	chosen, err := choose(table, "^a sum")
	require.NoError(t, err)
	require.Equal(t, table, chosen)
	_, err = choose(table, "product")
	require.ErrorContains(t, err, "no behaviour matches")
	_, err = choose(table, "(")
	require.ErrorContains(t, err, "missing closing")
}

// The table of this repository is kept up with its code.
func TestTable_everyMutantHasItsPlace(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("mutants.txt")
	require.NoError(t, err)
	table, err := parse(string(text))
	require.NoError(t, err)
	require.NotEmpty(t, table)
	l := &lab{root: "../.."}
	for _, m := range table {
		sources, err := l.sources(m.pkg)
		require.NoError(t, err)
		_, err = m.insertion(sources)
		require.NoError(t, err, m.behaviour)
	}
}
