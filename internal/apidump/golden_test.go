package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	root      = "../.."
	goldenDir = root + "/.ci/api"
	remedy    = "if the change is meant, run `make api` and commit the result"
)

var update = flag.Bool("update", false, "rewrite the golden files in .ci/api")

func TestGolden_exportedAPIIsTheRecordedOne(t *testing.T) {
	t.Parallel()
	packages, err := load(root)
	require.NoError(t, err)
	require.NotEmpty(t, packages)
	if *update {
		rewrite(t, packages)
	}

	described := map[string]bool{}
	for _, pkg := range packages {
		// The go command caches a test result until a file that the test opened
		// changes. The compiler reads the sources here, so name them to it.
		_, err := os.ReadDir(pkg.dir)
		require.NoError(t, err)

		described[goldenFile(pkg)] = true
		t.Run(pkg.name, func(t *testing.T) {
			t.Parallel()
			golden, err := os.ReadFile(goldenFile(pkg))
			require.NoError(t, err, "a new public package? %s", remedy)
			require.Equal(t, string(golden), describe(pkg.types), remedy)
		})
	}
	for _, name := range goldenFiles(t) {
		require.True(t, described[name], "%s records a package that is gone; %s", name, remedy)
	}
}

func goldenFile(pkg publicPackage) string {
	return filepath.Join(goldenDir, strings.ReplaceAll(pkg.name, "/", "_")+".txt")
}

func goldenFiles(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(goldenDir, "*.txt"))
	require.NoError(t, err)
	return names
}

func rewrite(t *testing.T, packages []publicPackage) {
	t.Helper()
	require.NoError(t, os.MkdirAll(goldenDir, 0o755))
	for _, name := range goldenFiles(t) {
		require.NoError(t, os.Remove(name))
	}
	for _, pkg := range packages {
		require.NoError(t, os.WriteFile(goldenFile(pkg), []byte(describe(pkg.types)), 0o644))
	}
}
