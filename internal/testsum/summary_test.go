package main

import (
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

func summarize(t *testing.T, lines ...string) (*summary, string) {
	t.Helper()
	s, err := read(strings.NewReader(strings.Join(lines, "\n")))
	require.NoError(t, err)
	var printed strings.Builder
	require.NoError(t, s.print(&printed))
	return s, printed.String()
}

func TestSummary_countsTestsOfEachPackage(t *testing.T) {
	t.Parallel()
	s, printed := summarize(t,
		`{"Action":"start","Package":"b"}`,
		`{"Action":"run","Package":"b","Test":"TestOne"}`,
		`{"Action":"output","Package":"b","Test":"TestOne","Output":"noise\n"}`,
		`{"Action":"pass","Package":"b","Test":"TestOne"}`,
		`{"Action":"pass","Package":"b"}`,
		`{"Action":"pass","Package":"a","Test":"TestTwo/sub"}`,
		`{"Action":"pass","Package":"a","Test":"TestTwo"}`,
		`{"Action":"pass","Package":"a"}`,
	)
	require.Equal(t, ""+
		"     2 passed    0 failed    0 skipped  a\n"+
		"     1 passed    0 failed    0 skipped  b\n"+
		"     3 passed    0 failed    0 skipped  in all\n", printed)
	require.NoError(t, s.verdict(true))
}

func TestSummary_showsTheOutputOfFailures(t *testing.T) {
	t.Parallel()
	s, printed := summarize(t,
		`{"Action":"output","Package":"a","Test":"TestBad","Output":"    a_test.go:7: wrong\n"}`,
		`{"Action":"fail","Package":"a","Test":"TestBad"}`,
		`{"Action":"output","Package":"a","Output":"FAIL\n"}`,
		`{"Action":"fail","Package":"a"}`,
	)
	require.Contains(t, printed, "=== a TestBad\n    a_test.go:7: wrong\n")
	require.Equal(t, counts{failed: 1}, s.total)
	require.ErrorIs(t, s.verdict(false), errFailed)
}

func TestSummary_showsAFailureWhoseRepetitionPasses(t *testing.T) {
	t.Parallel()
	_, printed := summarize(t,
		`{"Action":"output","Package":"a","Test":"TestRare","Output":"    a_test.go:7: wrong\n"}`,
		`{"Action":"fail","Package":"a","Test":"TestRare"}`,
		`{"Action":"output","Package":"a","Test":"TestRare","Output":"fine\n"}`,
		`{"Action":"pass","Package":"a","Test":"TestRare"}`,
		`{"Action":"fail","Package":"a"}`,
	)
	require.Contains(t, printed, "=== a TestRare\n    a_test.go:7: wrong\n")
	require.NotContains(t, printed, "fine")
}

func TestSummary_countsAPackageThatCouldNotRunItsTests(t *testing.T) {
	t.Parallel()
	s, printed := summarize(t,
		`{"ImportPath":"a [a.test]","Action":"build-output","Output":"a.go:3: undefined: x\n"}`,
		`{"ImportPath":"a [a.test]","Action":"build-fail"}`,
		`{"Action":"fail","Package":"a","FailedBuild":"a [a.test]"}`,
		`{"Action":"pass","Package":"b","Test":"TestOne"}`,
		`{"Action":"output","Package":"b","Output":"panic: timed out\n"}`,
		`{"Action":"fail","Package":"b"}`,
	)
	require.Equal(t, 1, strings.Count(printed, "a.go:3: undefined: x"))
	require.Contains(t, printed, "panic: timed out")
	require.Equal(t, counts{passed: 1, failed: 2}, s.total)
	require.ErrorIs(t, s.verdict(false), errFailed)
}

func TestSummary_printsBuildOutputOnce(t *testing.T) {
	t.Parallel()
	_, printed := summarize(t,
		`{"ImportPath":"a","Action":"build-output","Output":"a.go:3: undefined: x\n"}`,
		`{"Action":"fail","Package":"a","FailedBuild":"a"}`,
	)
	require.Equal(t, 1, strings.Count(printed, "a.go:3: undefined: x"))
}

func TestSummary_skipsFailOnlyWhenForbidden(t *testing.T) {
	t.Parallel()
	s, printed := summarize(t,
		`{"Action":"pass","Package":"a","Test":"TestOne"}`,
		`{"Action":"output","Package":"a","Test":"TestNode","Output":"=== RUN   TestNode\n"}`,
		`{"Action":"output","Package":"a","Test":"TestNode","Output":"    a_test.go:9: needs Node\n"}`,
		`{"Action":"output","Package":"a","Test":"TestNode","Output":"--- SKIP: TestNode (0.00s)\n"}`,
		`{"Action":"skip","Package":"a","Test":"TestNode"}`,
		`{"Action":"skip","Package":"without/tests"}`,
	)
	require.Contains(t, printed, "skipped: a TestNode: a_test.go:9: needs Node\n")
	require.Equal(t, counts{passed: 1, skipped: 1}, s.total)
	require.NoError(t, s.verdict(false))
	require.ErrorIs(t, s.verdict(true), errSkipped)
}

func TestSummary_nothingRunIsNoSuccess(t *testing.T) {
	t.Parallel()
	s, printed := summarize(t, `go: no such module`, `{"Action":"skip","Package":"without/tests"}`)
	require.Contains(t, printed, "go: no such module\n")
	require.ErrorIs(t, s.verdict(false), errNoTests)
}

func TestRead_reportsABrokenStream(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken pipe")
	_, err := read(iotest.ErrReader(broken))
	require.ErrorIs(t, err, broken)
}
