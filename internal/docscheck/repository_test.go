package docscheck_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/internal/docscheck"
)

func module(t *testing.T) *docscheck.API {
	t.Helper()
	api, err := docscheck.Load(os.DirFS("../.."))
	require.NoError(t, err)
	return api
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(text)
}

// features are the rows that the table must have: what TanStack Query offers,
// by section and number.
func features(t *testing.T) []string {
	t.Helper()
	rows := strings.Split(strings.TrimSpace(read(t, "testdata/rows.txt")), "\n")
	require.Len(t, rows, 467)
	return rows
}

func TestRepository_migrationTableIsComplete(t *testing.T) {
	t.Parallel()
	problems := docscheck.CheckMigration(read(t, "../../query/TANSTACK.md"), features(t), module(t))
	require.Empty(t, strings.Join(problems, "\n"))
}

// The columns listed speak of this module. The others speak of TanStack Query,
// whose names are not ours.
func TestRepository_tablesNameWhatExists(t *testing.T) {
	t.Parallel()
	cases := []struct {
		document string
		columns  []string
	}{
		{"../../README.md", []string{"here"}},
		{"../../query/DIFFERENCES.md", []string{"here", "why", "to have it back"}},
		{"../../query/DESIGN.md", []string{"word"}},
	}
	api := module(t)
	for _, c := range cases {
		t.Run(c.document, func(t *testing.T) {
			t.Parallel()
			var known, unknown []string
			for _, table := range docscheck.Tables(read(t, c.document)) {
				for _, row := range table.Rows {
					for i, column := range table.Header {
						if slices.Contains(c.columns, column) {
							found, lost := api.Names(row[i])
							known, unknown = append(known, found...), append(unknown, lost...)
						}
					}
				}
			}
			require.Empty(t, strings.Join(unknown, "\n"))
			require.NotEmpty(t, known, "no column of that name speaks of the API")
		})
	}
}

func TestRepository_introductionNamesWhatExists(t *testing.T) {
	t.Parallel()
	introduction, _, found := strings.Cut(read(t, "../../query/TANSTACK.md"), "| how |")
	require.True(t, found)
	known, unknown := module(t).Names(introduction)
	require.Empty(t, strings.Join(unknown, "\n"))
	require.Contains(t, known, "Client.Invalidate")
}
