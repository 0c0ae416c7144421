package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
)

// environment is the variable that says which mutant is in force, and inForce
// what the compiled mutants know it by.
const (
	environment = "FRESHET_MUTANT"
	inForce     = "mutantInForce"
)

// insertion makes a mutant part of the code: the function it changes begins with
// the broken body, which is only run when the mutant is in force.
//
//	func (s *state) fetched() bool {
//		if mutantInForce == 7 {
//			return true
//		}
//		return s.dataUpdateCount+s.errorUpdateCount > 0
//	}
type insertion struct {
	file   string
	offset int
	code   string
}

// insertion finds the function to break among the sources of a package, which are
// its files by name.
func (m mutant) insertion(sources map[string]string) (insertion, error) {
	var file string
	var places [][]int
	for name, source := range sources {
		if at := m.old.FindAllStringIndex(source, -1); len(at) > 0 {
			file, places = name, append(places, at...)
		}
	}
	if len(places) != 1 {
		return insertion{}, fmt.Errorf("the table is out of date: %s has the text to replace %d times", m.pkg, len(places))
	}
	source, from, to := sources[file], places[0][0], places[0][1]
	tree, err := parser.ParseFile(token.NewFileSet(), "", source, parser.SkipObjectResolution)
	if err != nil {
		return insertion{}, fmt.Errorf("%s: %w", file, err)
	}
	for _, decl := range tree.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok || f.Body == nil {
			continue
		}
		begin, end := int(f.Body.Lbrace), int(f.Body.Rbrace)-1 // positions count from one
		if from < begin || to > end {
			continue
		}
		body := source[begin:from] + m.next + source[to:end]
		if f.Type.Results == nil {
			body += "\nreturn\n"
		}
		return insertion{file, begin, fmt.Sprintf("\nif %s == %d {%s}", inForce, m.number, body)}, nil
	}
	return insertion{}, fmt.Errorf("the text to replace is not in a function")
}

// insert puts insertions into the sources and returns the files that changed.
func insert(sources map[string]string, all []insertion) map[string]string {
	changed := map[string]string{}
	// From the end of a file, so that what is before keeps its place.
	slices.SortStableFunc(all, func(a, b insertion) int { return b.offset - a.offset })
	for _, i := range all {
		source, ok := changed[i.file]
		if !ok {
			source = sources[i.file]
		}
		changed[i.file] = source[:i.offset] + i.code + source[i.offset:]
	}
	return changed
}

// switchboard is the file that reads the environment.
func switchboard(pkg string) string {
	return fmt.Sprintf(`package %s

import (
	"os"
	"strconv"
)

var %s, _ = strconv.Atoi(os.Getenv(%q))
`, pkg, inForce, environment)
}
