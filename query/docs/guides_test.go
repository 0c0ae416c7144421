package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/internal/docscheck"
)

// maxLines keeps a guide readable at one go.
const maxLines = 130

// guides returns the documents of this folder with the files of their code.
func guides(t *testing.T) map[string]string {
	t.Helper()
	documents, err := filepath.Glob("*.md")
	require.NoError(t, err)
	require.NotEmpty(t, documents)
	code := map[string]string{"README.md": "shop_test.go"}
	for _, name := range documents {
		if name != "README.md" {
			code[name] = strings.ReplaceAll(strings.TrimSuffix(name, ".md"), "-", "_") + "_test.go"
		}
	}
	return code
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(text)
}

func TestGuides_showCodeThatIsCompiledAndRun(t *testing.T) {
	t.Parallel()
	for guide, code := range guides(t) {
		t.Run(guide, func(t *testing.T) {
			t.Parallel()
			text := read(t, guide)
			require.Empty(t, strings.Join(compare(text, read(t, code)), "\n"))
			require.Contains(t, text, "```go\n")
			require.LessOrEqual(t, strings.Count(text, "\n"), maxLines)
		})
	}
}

func TestGuides_nameWhatExists(t *testing.T) {
	t.Parallel()
	api, err := docscheck.Load(os.DirFS("../.."))
	require.NoError(t, err)
	for guide := range guides(t) {
		t.Run(guide, func(t *testing.T) {
			t.Parallel()
			known, unknown := api.Names(prose(read(t, guide)))
			require.NotEmpty(t, known)
			require.Empty(t, strings.Join(unknown, "\n"))
		})
	}
}

// prose is a document without its fenced blocks.
func prose(document string) string {
	return regexp.MustCompile("(?ms)^```.*?^```$").ReplaceAllString(document, "")
}

func TestGuides_linkToWhatIsThere(t *testing.T) {
	t.Parallel()
	links := regexp.MustCompile(`\]\(([^)#:]+)\)`)
	index := read(t, "README.md")
	for guide := range guides(t) {
		if guide != "README.md" {
			require.Contains(t, index, "]("+guide+")")
		}
		for _, link := range links.FindAllStringSubmatch(prose(read(t, guide)), -1) {
			require.FileExists(t, link[1], "in %s", guide)
		}
	}
}

func TestGuides_examplesRun(t *testing.T) {
	t.Parallel()
	for guide, name := range guides(t) {
		code := read(t, name)
		outputs, err := outputsOf(code)
		require.NoError(t, err)
		require.NotContains(t, outputs, "", "%s: an example without output does not run", guide)
		require.Len(t, outputs, strings.Count(code, "\nfunc Example"))
	}
}
