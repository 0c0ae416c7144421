package docs_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// block is what stands between two fences of a Markdown document.
type block struct{ language, text string }

// blocksOf returns the fenced blocks of a document.
func blocksOf(document string) (blocks []block) {
	var open *block
	for line := range strings.Lines(document) {
		fence, isFence := strings.CutPrefix(strings.TrimRight(line, "\n"), "```")
		switch {
		case isFence && open == nil:
			open = &block{language: fence}
		case isFence:
			blocks, open = append(blocks, *open), nil
		case open != nil:
			open.text += line
		}
	}
	if open != nil {
		blocks = append(blocks, block{language: "unclosed"})
	}
	return blocks
}

// snippetsOf returns the parts of Go code that lie between a comment
// "// [snippet name]" and the next "// [end]", without the indentation and the
// empty lines around.
func snippetsOf(code string) (map[string]string, error) {
	snippets := map[string]string{}
	var name, indent string
	for line := range strings.Lines(code) {
		text := strings.TrimSpace(line)
		next, begins := strings.CutPrefix(strings.TrimSuffix(text, "]"), "// [snippet ")
		ends := text == "// [end]"
		switch {
		case begins && (name != "" || snippets[next] != ""):
			return nil, fmt.Errorf("%q begins twice, or within %q", next, name)
		case begins:
			name, indent = next, line[:strings.Index(line, "/")]
		case ends && name == "":
			return nil, errors.New("an end without beginning")
		case ends:
			snippets[name], name = strings.Trim(snippets[name], "\n")+"\n", ""
		case name != "":
			snippets[name] += strings.TrimPrefix(line, indent)
		}
	}
	if name != "" {
		return nil, fmt.Errorf("%q has no end", name)
	}
	return snippets, nil
}

// outputsOf returns what the examples in Go code print.
func outputsOf(code string) ([]string, error) {
	file, err := parser.ParseFile(token.NewFileSet(), "", code, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	var outputs []string
	for _, example := range doc.Examples([]*ast.File{file}...) {
		outputs = append(outputs, example.Output)
	}
	return outputs, nil
}

// compare says where a guide and the code that belongs to it differ: Go in the
// guide must be a snippet of the code, text what an example prints, and no
// snippet may go unshown.
func compare(guide, code string) []string {
	snippets, err := snippetsOf(code)
	if err != nil {
		return []string{err.Error()}
	}
	outputs, err := outputsOf(code)
	if err != nil {
		return []string{err.Error()}
	}
	var problems []string
	shown := map[string]bool{}
	for _, b := range blocksOf(guide) {
		shown[b.text] = true
		switch {
		case b.language == "go" && !slices.ContainsFunc(values(snippets), func(s string) bool { return s == b.text }):
			problems = append(problems, "not compiled:\n"+b.text)
		case b.language == "text" && !slices.Contains(outputs, b.text):
			problems = append(problems, "printed by no example:\n"+b.text)
		case b.language != "go" && b.language != "text":
			problems = append(problems, fmt.Sprintf("a block of language %q", b.language))
		}
	}
	for name, s := range snippets {
		if !shown[s] {
			problems = append(problems, fmt.Sprintf("%q is not shown", name))
		}
	}
	return problems
}

func values(m map[string]string) (list []string) {
	for _, v := range m {
		list = append(list, v)
	}
	return list
}

func TestCompare(t *testing.T) {
	t.Parallel()
	const code = "package p\n\nfunc Example() {\n\t// [snippet one]\n\tif x {\n\t\tf()\n\t}\n\t// [end]\n\n\t// Output:\n\t// 1\n\t// 2\n}\n"
	const shown = "```go\nif x {\n\tf()\n}\n```\n"
	for _, tc := range []struct {
		name, guide, code string
		want              string // what the one problem contains, none if empty
	}{
		{"equal", "a\n" + shown + "b\n", code, ""},
		{"equal with output", shown + "```text\n1\n2\n```\n", code, ""},
		{"changed code", strings.Replace(shown, "f()", "g()", 1) + shown, code, "not compiled"},
		{"part of a snippet", "```go\n\tf()\n```\n" + shown, code, "not compiled"},
		{"changed output", shown + "```text\n1\n3\n```\n", code, "printed by no example"},
		{"snippet that is not shown", "nothing", code, `"one" is not shown`},
		{"block of no language", shown + "```\nx\n```\n", code, "a block of language"},
		{"fence that is not closed", shown + "```go\nx\n", code, "unclosed"},
		{"snippet without end", shown, strings.Replace(code, "// [end]", "", 1), "has no end"},
		{"end without snippet", shown, strings.Replace(code, "// [snippet one]", "", 1), "without beginning"},
		{"name used twice", shown, strings.Replace(code, "// Output", "// [snippet one]\n// [end]\n// Output", 1), "begins twice"},
		{"code that does not parse", shown, "package", "expected"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			problems := compare(tc.guide, tc.code)
			if tc.want == "" {
				require.Empty(t, problems)
				return
			}
			require.Len(t, problems, 1)
			require.Contains(t, problems[0], tc.want)
		})
	}
}
