package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// tryOut tries the mutants of a table on a module that adds and doubles numbers,
// and has a test of the former.
func tryOut(t *testing.T, table string) (printed string, err error) {
	t.Helper()
	root := t.TempDir()
	files := map[string]string{
		"go.mod": "module example.com/sums\n\ngo 1.26\n",
		"sum/sum.go": `package sum

func Sum(a, b int) int {
	return a + b
}

func Double(a *int) {
	*a *= 2
	*a *= 1
}

const zero = 0
`,
		"sum/sum_test.go": `package sum

import "testing"

func TestSum(t *testing.T) {
	if Sum(2, 3) != 5 {
		t.Error("wrong")
	}
	a := 0
	Double(&a)
}
`,
	}
	write(t, root, files)
	mutants, err := parse(table)
	require.NoError(t, err)
	var out strings.Builder
	l := &lab{root: root, scratch: t.TempDir(), out: &out}
	err = l.tryAll(t.Context(), mutants)
	for name, text := range files {
		now, readErr := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		require.NoError(t, readErr)
		require.Equal(t, text, string(now), "the tree is left alone")
	}
	return out.String(), err
}

func write(t *testing.T, root string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		name = filepath.Join(root, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o750))
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	}
}

func TestLab_namesTheTestThatCaughtAMutant(t *testing.T) {
	t.Parallel()
	printed, err := tryOut(t, one)
	require.NoError(t, err)
	require.Regexp(t, `(?m)^a sum is the sum +TestSum$`, printed)
	require.Contains(t, printed, "1 behaviours were broken one by one, each was caught")
}

func TestLab_tellsWhatIsNotCaughtAndWhy(t *testing.T) {
	t.Parallel()
	printed, err := tryOut(t, one+`
double is twice
./sum
- *a *= 2
+ *a *= 3

product
./sum
- a * b
+ a / b

once
./sum
- *a *=
+ *a /=

not in a function
./sum
- const zero = 0
+ const zero = 1

does not compile
./sum
- return a + b
+ return "a"

ends the process
./sum
- return a + b
+ var nobody *int
+ defer func() { _ = recover(); println("gone"); go func() { *nobody = 1 }(); select {} }()
+ panic(a)
`)
	require.ErrorContains(t, err, "6 of 7 broken behaviours are not caught")
	require.Regexp(t, `(?m)^a sum is the sum +TestSum$`, printed)
	require.Regexp(t, `(?m)^double is twice +NOT CAUGHT: no test fails$`, printed)
	require.Regexp(t, `(?m)^product +NOT CAUGHT: .*out of date: ./sum has the text to replace 0 times$`, printed)
	require.Regexp(t, `(?m)^once +NOT CAUGHT: .*out of date: ./sum has the text to replace 2 times$`, printed)
	require.Regexp(t, `(?m)^not in a function +NOT CAUGHT: .*not in a function$`, printed)
	require.Regexp(t, `(?m)^does not compile +NOT CAUGHT: it does not compile`, printed)
	require.Regexp(t, `(?m)^ends the process +NOT CAUGHT: the tests end without a failed test`, printed)
}

func TestTranscript_timeOutIsNoCatch(t *testing.T) {
	t.Parallel()
	w := &transcript{}
	_, err := w.Write([]byte("panic: test timed out after 2m0s\n\trunning tests:\n\t\tTestSum (2m0s)\n"))
	require.NoError(t, err)
	failed := errors.New("exit status 2")
	_, err = w.verdict(failed)
	require.ErrorIs(t, err, errNoTest)
	require.ErrorIs(t, err, failed)
	require.ErrorContains(t, err, "timed out")
}

func TestTranscript_firstFailureIsEnough(t *testing.T) {
	t.Parallel()
	stopped := 0
	w := &transcript{onFail: func() { stopped++ }}
	for _, text := range []string{"--- FA", "IL: TestS", "um (0.00s)\n    --- FAIL: TestSum/sub (0.00s)\n", "--- FAIL: TestLater (0.00s)\n"} {
		_, err := w.Write([]byte(text))
		require.NoError(t, err)
	}
	require.Equal(t, 1, stopped)
	test, err := w.verdict(errors.New("killed"))
	require.NoError(t, err)
	require.Equal(t, "TestSum", test)
}

func TestLab_testsThatFailAnywayProveNothing(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write(t, root, map[string]string{
		"go.mod":          "module example.com/sums\n\ngo 1.26\n",
		"sum/sum.go":      "package sum\n\nfunc Sum(a, b int) int {\n\treturn a + b\n}\n",
		"sum/sum_test.go": "package sum\n\nimport \"testing\"\n\nfunc TestSum(t *testing.T) { t.Fail() }\n",
	})
	mutants, err := parse(one)
	require.NoError(t, err)
	l := &lab{root: root, scratch: t.TempDir(), out: io.Discard}
	require.ErrorContains(t, l.tryAll(t.Context(), mutants), "TestSum fails before anything is broken")
}
