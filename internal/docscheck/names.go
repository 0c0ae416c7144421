package docscheck

import (
	"fmt"
	"go/ast"
	"go/scanner"
	"go/token"
	"regexp"
	"slices"
	"strings"
)

// home is the package whose names documents write without a qualifier.
const home = "query"

// Names finds the Go names in a cell or a line of a document and returns those
// that the API declares, and for each of the others why it is not one. Names are
// looked for in backticks only. They may be parts of an expression, such as
// query.Every(d) or Client.Invalidate; a name alone is one of package query, or
// of one of its types. Words that begin with a small letter, single capitals,
// which are type parameters, and names of the standard library do not count.
func (a *API) Names(text string) (known, unknown []string) {
	for _, span := range spans(text) {
		for _, name := range selectors(tokens(span)) {
			switch reason, counts := a.explain(name); {
			case reason != "":
				unknown = append(unknown, reason)
			case counts:
				known = append(known, name)
			}
		}
	}
	return known, unknown
}

// spans returns what stands in backticks.
func spans(text string) []string {
	var found []string
	for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(text, -1) {
		found = append(found, m[1])
	}
	return found
}

type lexeme struct {
	token token.Token
	text  string
}

func tokens(code string) []lexeme {
	var (
		s     scanner.Scanner
		list  []lexeme
		files = token.NewFileSet()
	)
	s.Init(files.AddFile("", -1, len(code)), []byte(code), nil, 0)
	for {
		_, t, text := s.Scan()
		if t == token.EOF {
			return list
		}
		list = append(list, lexeme{t, text})
	}
}

// selectors returns the names in code, each with what is selected from it:
// query.InfiniteQuery[C, P]{}.Query() gives C, P and query.InfiniteQuery.Query.
func selectors(code []lexeme) []string {
	var names []string
	for i := 0; i < len(code); i++ {
		if code[i].token != token.IDENT || i > 0 && code[i-1].token == token.QUO {
			continue // after a slash a name is shortened, as in OnMount/Focus
		}
		parts := []string{code[i].text}
		for i+1 < len(code) {
			if end := closing(code, i+1); end > 0 {
				names = append(names, selectors(code[i+2:end])...)
				i = end
				continue
			}
			if code[i+1].token != token.PERIOD || i+2 == len(code) || code[i+2].token != token.IDENT {
				break
			}
			parts = append(parts, code[i+2].text)
			i += 2
		}
		names = append(names, strings.Join(parts, "."))
	}
	return names
}

// closing returns where the bracket that opens at i is closed, zero if none opens
// there or it stays open.
func closing(code []lexeme, i int) int {
	opens := []token.Token{token.LPAREN, token.LBRACK, token.LBRACE}
	closes := []token.Token{token.RPAREN, token.RBRACK, token.RBRACE}
	if !slices.Contains(opens, code[i].token) {
		return 0
	}
	depth := 0
	for j := i; j < len(code); j++ {
		switch {
		case slices.Contains(opens, code[j].token):
			depth++
		case slices.Contains(closes, code[j].token):
			depth--
		}
		if depth == 0 {
			return j
		}
	}
	return 0
}

// explain says why name is not one of the API, "" if it is. One that is not about
// the API at all does not count.
func (a *API) explain(name string) (reason string, counts bool) {
	parts := strings.Split(name, ".")
	d := a.packages[parts[0]]
	switch {
	case d != nil && len(parts) == 1:
		return "", false // the package, or a variable named like it
	case d != nil:
		parts = parts[1:]
	case !ast.IsExported(parts[0]) && (len(parts) == 1 || foreign(parts[0])):
		return "", false
	case !ast.IsExported(parts[0]):
		return fmt.Sprintf("%s: no package %s", name, parts[0]), true
	case len(parts) == 1 && len(name) == 1:
		return "", false
	default:
		if d = a.packages[home]; d == nil {
			return fmt.Sprintf("%s: no package %s", name, home), true
		}
		if len(parts) == 1 && d.inside(name) {
			return "", true
		}
	}
	switch {
	case !d.names[parts[0]]:
		return fmt.Sprintf("%s: no declaration of %s", name, parts[0]), true
	case len(parts) == 2 && !d.members[parts[0]][parts[1]]:
		return fmt.Sprintf("%s: %s has no %s", name, parts[0], parts[1]), true
	case len(parts) > 2:
		return fmt.Sprintf("%s: write it as a type and its member", name), true
	}
	return "", true
}

// inside reports whether a type of the package has a member of that name.
func (d *declared) inside(name string) bool {
	for _, members := range d.members {
		if members[name] {
			return true
		}
	}
	return false
}

// foreign reports whether the package belongs to the standard library, or to one
// that the API hands through.
func foreign(pkg string) bool {
	return slices.Contains([]string{
		"clock", "context", "encoding", "errors", "http", "iter", "json", "reflect", "slog", "synctest", "testing", "time",
	}, pkg)
}
