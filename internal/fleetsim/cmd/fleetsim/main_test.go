package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRun_answersBadArgumentsClearly(t *testing.T) {
	t.Parallel()
	for args, says := range map[string]string{
		"-n 0":            "0 sellers",
		"-n many":         "invalid value",
		"-plans cheap":    `no plan "cheap"; there are naive, batched`,
		"-outage 0s":      "the story takes 0s",
		"-unknown":        "not defined",
		"more":            `unexpected argument "more"`,
		"-n 1 -md absent": "absent",
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			require.ErrorContains(t, run(strings.Fields(args), io.Discard, io.Discard), says)
		})
	}
}

func TestRun_writesTheTableAndTheFiles(t *testing.T) {
	t.Parallel()
	at := func(name string) string { return filepath.Join(t.TempDir(), name) }
	md, svg, data := at("a.md"), at("a.svg"), at("a.json")
	require.NoError(t, os.WriteFile(md, []byte("<!-- fleetsim: begin -->\n<!-- fleetsim: end -->\n"), 0o600))
	var out strings.Builder
	args := []string{"-n", "30", "-plans", "naive,push", "-md", md, "-svg", svg, "-json", data}
	require.NoError(t, run(args, &out, io.Discard))
	require.Contains(t, out.String(), "| push |")
	text, err := os.ReadFile(md)
	require.NoError(t, err)
	require.Contains(t, string(text), out.String())
	require.FileExists(t, svg)
	require.FileExists(t, data)
}
