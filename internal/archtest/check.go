package archtest

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Violation is one breach of a rule. Subject is the file at fault, or the
// package directory for rules about a package as a whole.
type Violation struct {
	Rule    string // stable short name, such as "imports" or "file-size"
	Subject string
	Reason  string
}

// String returns the violation as one line, subject first, ready to print.
func (v Violation) String() string {
	return fmt.Sprintf("%s: %s (%s)", v.Subject, v.Reason, v.Rule)
}

// Check applies every rule to the tree and returns the breaches in order of
// their files, the rules about whole packages last. A sound tree gives nil.
func (t *Tree) Check() []Violation {
	var found []Violation
	for _, file := range t.Files {
		for _, rule := range fileRules() {
			for _, reason := range rule.check(file) {
				found = append(found, Violation{Rule: rule.name, Subject: file.Path, Reason: reason})
			}
		}
	}
	return append(found, t.checkSurfaces()...)
}

type fileRule struct {
	name  string
	check func(File) []string
}

func fileRules() []fileRule {
	return []fileRule{
		{"imports", checkImports},
		{"test-code", checkTestCode},
		{"file-name", checkFileName},
		{"file-size", checkFileSize},
	}
}

// maxLines is the hard limit; CONTRIBUTING.md asks for 300.
const maxLines = 450

func checkFileSize(f File) []string {
	if f.Test() || f.Lines <= maxLines {
		return nil
	}
	return []string{fmt.Sprintf("%d lines, limit %d: split it by concept", f.Lines, maxLines)}
}

func checkFileName(f File) []string {
	name := strings.TrimSuffix(path.Base(f.Path), ".go")
	concept := strings.TrimSuffix(name, "_test")
	var reasons []string
	if slices.Contains([]string{"util", "utils", "helper", "helpers", "type", "types", "common", "misc"}, concept) {
		reasons = append(reasons, "name the file for its one concept")
	}
	if strings.Contains(concept, "_test_") || (!f.Test() && strings.HasPrefix(name, "test_")) {
		reasons = append(reasons, "looks like a test file but is compiled into the package")
	}
	return reasons
}

// checkTestCode keeps test code out of what users link.
func checkTestCode(f File) []string {
	if f.Test() || !shipped(f.Dir()) || testKit(f.Dir()) {
		return nil
	}
	var reasons []string
	for _, imported := range f.Imports {
		if testOnly(imported) {
			reasons = append(reasons, fmt.Sprintf("links %q into the programs of users", imported.Path))
		}
	}
	return reasons
}

func testOnly(imported Import) bool {
	if imported.Own {
		return testKit(imported.Path)
	}
	return within(imported.Path, "testing") ||
		within(imported.Path, "github.com/stretchr/testify") ||
		within(imported.Path, "go.uber.org/goleak") ||
		within(imported.Path, "pgregory.net/rapid")
}

// Budgets of exported package-level identifiers. The golden files in .ci/api
// guard every single one; these only stop a slow growth. More than a third of
// query's are constants of enumerations and constructors of policy values, which
// are read in groups.
const (
	maxExportedQuery = 260
	maxExported      = 90
)

func (t *Tree) checkSurfaces() []Violation {
	count := map[string]int{}
	for _, file := range t.Files {
		if !file.Test() && file.Package != "main" && public(file.Dir()) {
			count[file.Dir()] += len(file.Exported)
		}
	}
	var found []Violation
	for dir, n := range count {
		limit := maxExported
		if dir == "query" {
			limit = maxExportedQuery
		}
		if n > limit {
			reason := fmt.Sprintf("%d exported identifiers, limit %d", n, limit)
			found = append(found, Violation{Rule: "surface", Subject: dir, Reason: reason})
		}
	}
	slices.SortFunc(found, func(a, b Violation) int { return strings.Compare(a.Subject, b.Subject) })
	return found
}
