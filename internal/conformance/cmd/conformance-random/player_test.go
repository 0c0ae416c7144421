package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/internal/conformance"
)

// standIn returns a player of a shell script in the place of the test binary. It
// dies of a scenario named bad and writes a report on any others. Tests with it
// are not parallel: a process started by another test while the script is being
// written would hold it open, and what is being written cannot be run.
func standIn(t *testing.T) player {
	t.Helper()
	scratch := t.TempDir()
	script := `#!/bin/sh
while [ $# -gt 0 ]; do
	case $1 in
	-scenarios) dir=$2 ;;
	-report) report=$2 ;;
	esac
	shift
done
if grep -q bad "$dir"/*; then echo panic: bad; exit 2; fi
printf '{"total": %d, "passed": %d, "failed": []}' "$(ls "$dir" | wc -l)" "$(ls "$dir" | wc -l)" >"$report"
`
	binary := filepath.Join(scratch, "test")
	require.NoError(t, os.WriteFile(binary, []byte(script), 0o700))
	return player{binary: binary, dir: scratch, scratch: scratch, times: 1}
}

func folder(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name+".json"), []byte(`{"name": "`+name+`"}`), 0o600))
	}
	return dir
}

func TestPlay_findsTheScenarioThatBringsDownTheProcess(t *testing.T) {
	got, err := standIn(t).play(t.Context(), folder(t, "a", "b", "bad", "c", "d"))
	require.NoError(t, err)
	require.Equal(t, played{5, []conformance.Failure{{Name: "bad", Problem: "the process died:\npanic: bad\n"}}}, got)
}

func TestPlay_anEmptyFolderIsNoFailure(t *testing.T) {
	got, err := standIn(t).play(t.Context(), folder(t))
	require.NoError(t, err)
	require.Equal(t, played{}, got)
}

func TestPlay_aProcessThatCannotStartIsAnError(t *testing.T) {
	p := standIn(t)
	p.binary += ".none"
	_, err := p.play(t.Context(), folder(t, "a"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestSummary_countsWhatShowsTheSame(t *testing.T) {
	t.Parallel()
	p := played{total: 300, failed: make([]conformance.Failure, 3)}
	require.Equal(t, "seed 7: 297 of 300 programs show what query-core shows (99.00 %)", p.summary(options{seed: 7}))
	require.Equal(t, "here: 297 of 300 programs show what query-core shows (99.00 %)", p.summary(options{scenarios: "here"}))
}
