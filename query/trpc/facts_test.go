package trpc_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFacts_areAllTested(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*_test.go")
	require.NoError(t, err)
	tests := map[string]bool{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, declared := range file.Decls {
			if f, ok := declared.(*ast.FuncDecl); ok && strings.HasPrefix(f.Name.Name, "Test") {
				tests[f.Name.Name] = true
			}
		}
	}
	text, err := os.ReadFile("testdata/FACTS.md")
	require.NoError(t, err)
	facts := 0
	for line := range strings.Lines(string(text)) {
		columns := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(columns) != 2 || strings.HasPrefix(columns[0], " **") || !strings.Contains(columns[1], "Test") {
			continue
		}
		facts++
		for name := range strings.SplitSeq(columns[1], ",") {
			require.True(t, tests[strings.TrimSpace(name)], "no test %s for: %s", name, columns[0])
		}
	}
	require.GreaterOrEqual(t, facts, 95)
}
