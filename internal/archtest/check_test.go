package archtest_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/internal/archtest"
)

const module = "example.com/river"

// check runs the rules over a tree of the given files and returns what each
// rule found as "rule subject".
func check(t *testing.T, files map[string]string) []string {
	t.Helper()
	fsys := fstest.MapFS{"go.mod": {Data: []byte("module " + module + "\n\ngo 1.26.0\n")}}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	tree, err := archtest.Load(fsys)
	require.NoError(t, err)
	found := []string{}
	for _, violation := range tree.Check() {
		found = append(found, violation.Rule+" "+violation.Subject)
	}
	return found
}

func importing(imported string) string {
	return fmt.Sprintf("package p\n\nimport _ %q\n", imported)
}

func TestCheck_importRules(t *testing.T) {
	t.Parallel()
	const clock = "github.com/benbjohnson/clock"
	cases := []struct {
		file, imported string
		allowed        bool
	}{
		{"querykey/key.go", "encoding/json", true},
		{"querykey/key.go", module + "/internal/sched", false},
		{"querykey/key.go", "golang.org/x/sync/errgroup", false},
		{"querykey/key_test.go", "pgregory.net/rapid", true},
		{"querykey/key_test.go", module + "/query", false},

		{"query/fetch.go", "context", true},
		{"query/fetch.go", module + "/querykey", true},
		{"query/fetch.go", module + "/internal/retry", true},
		{"query/fetch.go", "golang.org/x/sync/singleflight", true},
		{"query/client.go", clock, true},
		{"query/fetch.go", module + "/query/trpc", false},
		{"query/fetch.go", module + "/internal/conformance", false},
		{"query/fetch.go", "github.com/coder/websocket", false},
		{"query/fetch_test.go", module + "/query/querytest", true},

		{"query/trpc/client.go", module + "/query", true},
		{"query/trpc/client.go", module + "/internal/sched", true},
		{"query/trpc/client.go", clock, true},
		{"query/trpc/socket.go", "github.com/coder/websocket", true},
		{"query/trpc/client.go", module + "/query/persist", false},
		{"query/trpc/client.go", module + "/internal/testsum", false},
		{"query/trpc/client.go", "github.com/redis/go-redis/v9", false},
		{"query/trpc/client_test.go", module + "/query/trpc/trpctest", true},
		{"query/trpc/client_test.go", module + "/query/querytest", true},
		{"query/trpc/client_test.go", module + "/query/persist", false},
		{"query/docs/offline_test.go", module + "/query/persist", true},
		{"query/trpc/trpctest/server.go", module + "/query/trpc", true},
		{"query/persist/store.go", clock, false},
		{"query/persist/store.go", module + "/query/persist/dir", true},

		{"query/contrib/redisquery/store.go", "github.com/redis/go-redis/v9", true},
		{"query/contrib/redisquery/store.go", module + "/query/persist", true},
		{"query/contrib/redisquery/store.go", module + "/internal/sched", false},
		{"query/contrib/redisquery/store.go", module + "/query/contrib/natsquery", false},

		{"internal/share/memory.go", "unsafe", true},
		{"internal/share/share.go", "unsafe", false},
		{"query/state.go", "unsafe", false},
		{"query/state_internal_test.go", "unsafe", false},

		{"internal/sched/sched.go", clock, true},
		{"internal/retry/retry.go", module + "/internal/sched", true},
		{"internal/retry/retry.go", clock, false},
		{"internal/retry/retry.go", module + "/query", false},
		{"internal/retry/retry_test.go", module + "/query", false},
		{"internal/retry/retry_test.go", clock, true},
		{"internal/conformance/runner.go", module + "/query", true},
		{"internal/bench/ours.go", module + "/query", true},

		{"seller/queries.go", module + "/query", true},
		{"seller/queries.go", module + "/querykey", true},
		{"seller/queries.go", module + "/query/trpc", true},
		{"seller/queries.go", module + "/query/persist", false},
		{"seller/queries.go", module + "/internal/sched", false},
		{"seller/queries.go", clock, false},
		{"seller/queries_test.go", module + "/query/trpc/trpctest", true},
		{"seller/queries_test.go", module + "/seller", true},

		{"examples/dashboard/main.go", module + "/seller", true},
		{"examples/dashboard/main.go", clock, true},
		{"examples/dashboard/main.go", module + "/examples/dashboard/internal/server", true},
		{"examples/dashboard/main.go", module + "/internal/sched", false},
		{"query/trpc/client_test.go", module + "/seller", false},
		{"internal/conformance/runner.go", module + "/seller", false},
		{"internal/fleetsim/client.go", module + "/seller", false},
		{"internal/fleetsim/calibration_test.go", module + "/seller", true},
		{"seller/queries.go", module + "/examples/dashboard", false},
	}
	for _, c := range cases {
		verdict := "forbids"
		want := []string{"imports " + c.file}
		if c.allowed {
			verdict, want = "allows", []string{}
		}
		t.Run(fmt.Sprintf("%s %s %s", c.file, verdict, c.imported), func(t *testing.T) {
			t.Parallel()
			require.Equal(t, want, check(t, map[string]string{c.file: importing(c.imported)}))
		})
	}
}

func TestCheck_testCodeStaysOutOfShippedPackages(t *testing.T) {
	t.Parallel()
	cases := []struct {
		file, imported string
		allowed        bool
	}{
		{"internal/ring/ring.go", "testing", false},
		{"internal/ring/ring.go", "testing/synctest", false},
		{"internal/ring/ring.go", "github.com/stretchr/testify/require", false},
		{"query/trpc/issue_1.go", "testing", false},
		{"query/trpc/client.go", module + "/query/trpc/trpctest", false},
		{"internal/ring/ring_test.go", "testing", true},
		{"query/querytest/harness.go", "testing", true},
		{"query/trpc/trpctest/server.go", "testing", true},
		{"internal/conformance/runner.go", "testing/synctest", true},
	}
	for _, c := range cases {
		want := []string{"test-code " + c.file}
		if c.allowed {
			want = []string{}
		}
		t.Run(c.file+" imports "+c.imported, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, want, check(t, map[string]string{c.file: importing(c.imported)}))
		})
	}
}

func TestCheck_fileNames(t *testing.T) {
	t.Parallel()
	found := check(t, map[string]string{
		"internal/ring/common.go":          "package ring",
		"internal/ring/helpers_test.go":    "package ring",
		"internal/ring/issue_test_1.25.go": "package ring",
		"internal/ring/ring.go":            "package ring",
		"internal/ring/ring_test.go":       "package ring",
		"internal/ring/types.go":           "package ring",
		"internal/ring/utils.go":           "package ring",
	})
	require.Equal(t, []string{
		"file-name internal/ring/common.go",
		"file-name internal/ring/helpers_test.go",
		"file-name internal/ring/issue_test_1.25.go",
		"file-name internal/ring/types.go",
		"file-name internal/ring/utils.go",
	}, found)
}

func TestCheck_fileSizeCountsShippedFilesOnly(t *testing.T) {
	t.Parallel()
	const header = "package ring\n"
	found := check(t, map[string]string{
		"internal/ring/full.go":      header + strings.Repeat("\n", 449),
		"internal/ring/over.go":      header + strings.Repeat("\n", 450),
		"internal/ring/over_test.go": header + strings.Repeat("\n", 450),
	})
	require.Equal(t, []string{"file-size internal/ring/over.go"}, found)
}

func TestCheck_exportedSurfaceHasABudget(t *testing.T) {
	t.Parallel()
	found := check(t, map[string]string{
		"internal/ring/ring.go": exporting(261),
		"query/bus/a.go":        exporting(90),
		"query/bus/a_test.go":   exporting(261),
		"query/query.go":        exporting(260),
		"seller/model.go":       exporting(91),
	})
	require.Equal(t, []string{"surface seller"}, found)

	found = check(t, map[string]string{"query/query.go": exporting(261)})
	require.Equal(t, []string{"surface query"}, found)
}

// exporting returns a file with n exported identifiers and some that do not
// count: unexported ones and methods.
func exporting(n int) string {
	var text strings.Builder
	text.WriteString("package p\n\ntype T struct{}\n\nfunc (T) Method() {}\n\nvar hidden, V int\n\nfunc F() {}\n")
	for i := range n - 3 {
		fmt.Fprintf(&text, "const C%d = 0\n", i)
	}
	return text.String()
}

func TestLoad_skipsWhatTheGoCommandIgnores(t *testing.T) {
	t.Parallel()
	found := check(t, map[string]string{
		".ci/tool.go":                       "not Go",
		"_attic/utils.go":                   "not Go",
		"query/testdata/utils.go":           "not Go",
		"query/_draft.go":                   "not Go",
		"query/trpc/node_modules/x/util.go": "not Go",
		"query/utils.txt":                   "not Go",
	})
	require.Empty(t, found)
}

func TestLoad_failsOnUnreadableTrees(t *testing.T) {
	t.Parallel()
	_, err := archtest.Load(fstest.MapFS{})
	require.ErrorIs(t, err, archtest.ErrNoModule)

	_, err = archtest.Load(fstest.MapFS{"go.mod": {Data: []byte("go 1.26.0\n")}})
	require.ErrorIs(t, err, archtest.ErrNoModule)

	_, err = archtest.Load(fstest.MapFS{
		"go.mod":     {Data: []byte("module example.com/river\n")},
		"broken.go":  {Data: []byte("package broken\nfunc {")},
		"perfect.go": {Data: []byte("package broken\n")},
	})
	require.ErrorContains(t, err, "broken.go:2:6")
}

func TestViolation_printsSubjectReasonAndRule(t *testing.T) {
	t.Parallel()
	violation := archtest.Violation{Rule: "file-size", Subject: "query/a.go", Reason: "500 lines"}
	require.Equal(t, "query/a.go: 500 lines (file-size)", violation.String())
}
