package archtest

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

const (
	clockPath = "github.com/benbjohnson/clock"
	syncPath  = "golang.org/x/sync"

	// unsafeFile alone reads values by their address.
	unsafeFile = "internal/share/memory.go"
)

// leaves are the libraries without dependencies of their own that packages
// below query may use; anything heavier lives in a module of its own.
func leaves() []string {
	return []string{clockPath, syncPath, "github.com/coder/websocket", "github.com/tmaxmax/go-sse"}
}

// checkImports applies, to each import of f, the rule of the layer f is in and
// the rules that protect the imported package from the rest of the tree.
func checkImports(f File) []string {
	var reasons []string
	for _, imported := range f.Imports {
		if reason := forbidden(f, imported); reason != "" {
			reasons = append(reasons, fmt.Sprintf("imports %q: %s", imported.Path, reason))
		}
	}
	return reasons
}

// forbidden says why f may not import the package, or "" if it may.
func forbidden(f File, imported Import) string {
	dir := f.Dir()
	switch {
	case imported.Own && within(imported.Path, "seller") && !mayUseSeller(f):
		return "only examples build on seller"
	case imported.Own && within(imported.Path, "examples") && !within(dir, "examples"):
		return "nothing builds on examples"
	case imported.Path == "unsafe" && f.Path != unsafeFile:
		return "values are read by their address in " + unsafeFile + " alone"
	case f.Test():
		return forbiddenInTest(dir, imported)
	case imported.Path == clockPath && !mayUseClock(dir):
		return "time comes from internal/sched"
	case within(dir, "querykey"):
		return forbiddenInKeys(imported)
	case dir == "query":
		return forbiddenInQuery(imported)
	case within(dir, "query/contrib"):
		return forbiddenInContrib(dir, imported)
	case within(dir, "query"):
		return forbiddenBesideQuery(dir, imported)
	case within(dir, "seller"):
		return forbiddenInSeller(imported)
	case within(dir, "internal"):
		return forbiddenInInternal(dir, imported)
	case within(dir, "examples"):
		return forbiddenInExamples(imported)
	}
	return ""
}

// forbiddenInTest is lenient: a test may use any test kit and any library, but
// neither a sibling's code nor, from internal, the packages above it.
func forbiddenInTest(dir string, imported Import) string {
	switch {
	case !imported.Own || testKit(imported.Path):
		return ""
	case within(dir, "internal"):
		return forbiddenInInternal(dir, imported)
	case within(dir, "querykey") && within(imported.Path, "query"):
		return "querykey lies below query"
	case dir == "query/docs": // guides show how packages are used together
		return ""
	case dir != "query" && within(dir, "query") && siblings(dir, imported.Path) && !within(dir, "query/contrib"):
		return "packages below query do not import each other"
	}
	return ""
}

func forbiddenInKeys(imported Import) string {
	if standard(imported) || imported.Own && within(imported.Path, "querykey") {
		return ""
	}
	return "querykey needs the standard library alone"
}

func forbiddenInQuery(imported Import) string {
	switch {
	case standard(imported), imported.Path == clockPath, within(imported.Path, syncPath):
		return ""
	case imported.Own && imported.Path == "querykey":
		return ""
	case imported.Own && within(imported.Path, "query"):
		return "query never imports what lies below it"
	case imported.Own && within(imported.Path, "internal") && !tool(imported.Path):
		return ""
	}
	return "query imports querykey, internal mechanisms, the clock and x/sync"
}

func forbiddenBesideQuery(dir string, imported Import) string {
	switch {
	case standard(imported):
		return ""
	case !imported.Own && slices.ContainsFunc(leaves(), func(leaf string) bool { return within(imported.Path, leaf) }):
		return ""
	case !imported.Own:
		return "heavy dependencies belong to query/contrib"
	case siblings(dir, imported.Path):
		return "packages below query do not import each other"
	case within(imported.Path, "internal") && tool(imported.Path):
		return "tools are not for shipped code"
	}
	return ""
}

func forbiddenInContrib(dir string, imported Import) string {
	switch {
	case imported.Own && within(imported.Path, "internal"):
		return "add-on modules use public packages, which have versions"
	case imported.Own && within(imported.Path, "query/contrib") && addOn(dir) != addOn(imported.Path):
		return "add-on modules do not import each other"
	}
	return ""
}

func forbiddenInSeller(imported Import) string {
	if standard(imported) || within(imported.Path, syncPath) {
		return ""
	}
	if imported.Own && (within(imported.Path, "seller") ||
		slices.Contains([]string{"query", "querykey", "query/trpc"}, imported.Path)) {
		return ""
	}
	return "seller imports query, querykey and query/trpc"
}

func forbiddenInInternal(dir string, imported Import) string {
	if imported.Own && within(imported.Path, "query") && !tool(dir) {
		return "internal mechanisms know nothing of query"
	}
	return ""
}

func forbiddenInExamples(imported Import) string {
	if imported.Own && within(imported.Path, "internal") {
		return "examples show what any user can write"
	}
	return ""
}

// mayUseClock keeps the archived clock module at the edges: where users hand
// one in, and in internal/sched, which everything else schedules through.
func mayUseClock(dir string) bool {
	return slices.Contains([]string{"query", "internal/sched", "internal/conformance", "query/querytest", "query/trpc"}, dir) ||
		within(dir, "examples") || within(dir, "query/contrib")
}

// mayUseSeller also lets the simulation of a fleet be held beside real sellers.
func mayUseSeller(f File) bool {
	dir := f.Dir()
	return within(dir, "seller") || within(dir, "examples") || within(dir, "internal/fleetsim") && f.Test()
}

// tool reports whether dir is a program or check of this repository that no
// user links.
func tool(dir string) bool {
	return slices.ContainsFunc(
		[]string{
			"internal/apidump", "internal/archtest", "internal/bench", "internal/conformance", "internal/docscheck", "internal/fleetsim",
			"internal/mutants", "internal/testsum",
		},
		func(root string) bool { return within(dir, root) },
	)
}

// testKit reports whether dir is a package made for the tests of users, which
// may import testing. Its name ends in test, as net/http/httptest does.
func testKit(dir string) bool {
	return strings.HasSuffix(path.Base(dir), "test") && !tool(dir)
}

// shipped reports whether the programs of users may link the package in dir.
func shipped(dir string) bool { return !tool(dir) && !within(dir, "examples") }

// public reports whether users can import the package in dir.
func public(dir string) bool {
	return !within(dir, "examples") && !slices.Contains(strings.Split(dir, "/"), "internal")
}

// siblings reports whether two packages below query belong to different
// families; query/trpc and query/trpc/trpctest are one family.
func siblings(a, b string) bool {
	return within(b, "query") && b != "query" && family(a) != family(b)
}

func family(dir string) string { return firstParts(dir, 2) }

func addOn(dir string) string { return firstParts(dir, 3) }

func firstParts(dir string, n int) string {
	parts := strings.Split(dir, "/")
	return strings.Join(parts[:min(n, len(parts))], "/")
}

// standard relies on the go command's own rule: the first element of a path
// outside the standard library holds a dot.
func standard(imported Import) bool {
	first, _, _ := strings.Cut(imported.Path, "/")
	return !imported.Own && !strings.Contains(first, ".")
}

// within reports whether the slash-separated path is root or lies below it.
func within(path, root string) bool {
	return path == root || strings.HasPrefix(path, root+"/")
}
