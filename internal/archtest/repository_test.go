package archtest_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/internal/archtest"
)

func TestRepository_keepsItsArchitecture(t *testing.T) {
	t.Parallel()
	tree, err := archtest.Load(os.DirFS("../.."))
	require.NoError(t, err)

	// A tree that lacks its own checker was not read from the right place.
	require.Equal(t, "github.com/freshet-go/freshet", tree.Module)
	require.Contains(t, paths(tree), "internal/archtest/repository_test.go")

	var report strings.Builder
	for _, violation := range tree.Check() {
		report.WriteString(violation.String() + "\n")
	}
	require.Empty(t, report.String())
}

func paths(tree *archtest.Tree) []string {
	var names []string
	for _, file := range tree.Files {
		names = append(names, file.Path)
	}
	return names
}
