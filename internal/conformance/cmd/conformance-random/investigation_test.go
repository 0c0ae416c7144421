package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/internal/conformance"
)

func TestKinds_tellFaultsApart(t *testing.T) {
	t.Parallel()
	trace := []any{map[string]any{"t": 0.0, "step": 0.0, "isFetching": 1.0}}
	other := []any{map[string]any{"t": 0.0, "step": 0.0, "isFetching": 2.0}}
	require.Equal(t, []string{"isFetching"}, kinds(trace, conformance.Failure{Trace: other}))
	require.Equal(t, []string{"same trace"}, kinds(trace, conformance.Failure{Trace: trace}))
	require.Equal(t, []string{"no trace"}, kinds(trace, conformance.Failure{}))
}

func TestDifference_showsTheTracesIfTheyDifferAndElseTheProblem(t *testing.T) {
	t.Parallel()
	trace := []any{map[string]any{"t": 0.0, "step": 0.0, "isFetching": 1.0}}
	other := []any{map[string]any{"t": 0.0, "step": 0.0, "isFetching": 2.0}}
	shown := difference(trace, conformance.Failure{Problem: "record 0 differs\nin detail", Trace: other})
	require.True(t, strings.HasPrefix(shown, "record 0 differs\n\nstep 0, t=0  <-- differs\n"), shown)
	require.NotContains(t, shown, "in detail")
	require.Equal(t, "it hangs\nfor ever", difference(trace, conformance.Failure{Problem: "it hangs\nfor ever"}))
	require.Equal(t, "not told", difference(trace, conformance.Failure{Problem: "not told", Trace: trace}))
}

func TestRead_misuseOfQueryCoreIsNoFault(t *testing.T) {
	t.Parallel()
	f := conformance.Failure{Name: "x/y"}
	file := filepath.Join(t.TempDir(), "s.json")
	for text, fit := range map[string]bool{
		`{"name": "x/y", "about": "z", "steps": [], "expect": [{"error": "boom"}]}`:                                       true,
		`{"name": "x/y", "about": "z", "steps": [], "expect": [{"error": "options.getNextPageParam is not a function"}]}`: false,
	} {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		got, err := read(file, f)
		require.NoError(t, err)
		require.Equal(t, fit, got.failure != nil, text)
	}
}
