package conformance_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/internal/conformance"
)

func trace(t *testing.T, text string) []any {
	t.Helper()
	var records []any
	require.NoError(t, json.Unmarshal([]byte(text), &records))
	return records
}

// TestCompare_anyChangedValueIsADifference changes every single value of a trace
// that has every kind of section, and expects each change to be found in its
// record.
func TestCompare_anyChangedValueIsADifference(t *testing.T) {
	t.Parallel()
	const text = `[
		{"t": 0, "step": 0, "returned": {"$undefined": true},
			"calls": [{"fn": "f", "n": 1, "key": ["a"], "pageParam": 0, "direction": "forward", "meta": {"who": "x"}}, {"fn": "m", "n": 1, "variables": {"v": 1}}],
			"aborts": [{"fn": "g", "n": 2, "key": ["b"]}],
			"callbacks": [{"cb": "option.onError", "variables": 1, "data": null, "error": "boom", "context": {"previous": 2}}],
			"promises": {"p": {"resolved": {"status": "success", "data": [1]}}, "q": "done", "r": {"rejected": "$cancelled"}},
			"queries": [{"client": "c2", "key": ["a"], "event": "added", "status": "error", "fetchStatus": "paused", "data": {"x": [true, null]},
				"dataUpdatedAt": -5, "dataUpdateCount": 1, "error": "boom", "errorUpdatedAt": 3, "errorUpdateCount": 1, "failureCount": 1,
				"failureReason": "boom", "isInvalidated": true, "fetchDirection": "backward", "observers": 1}],
			"observers": {"o": {"isStale": false, "sameRef": true, "sameRefAt": {"x": false}, "notified": false, "isPlaceholderData": true}, "l": {"length": 2}, "gone": "removed"},
			"mutations": [{"id": 1, "event": "added", "status": "pending", "isPaused": true, "submittedAt": 0, "context": {"a": "b"}}],
			"isFetching": 1, "isMutating": 1},
		{"end": 7, "pending": ["p"]}
	]`
	count := len(mutants(trace(t, text)))
	require.Greater(t, count, 80)
	require.Nil(t, conformance.Compare(trace(t, text), trace(t, text)))
	for i := range count {
		changed := trace(t, text)
		where := mutants(changed)[i]()
		d := conformance.Compare(trace(t, text), changed)
		require.NotNil(t, d, where)
		require.Equal(t, fmt.Sprintf("[%d]", d.Record), where[:3], where)
		require.Contains(t, d.String(), "*", where)
	}
}

// mutants returns functions that each change one value of a trace in place, or
// drop one member or element, and say where.
func mutants(records []any) []func() string {
	var all []func() string
	var visit func(path string, v any, set func(any))
	visit = func(path string, v any, set func(any)) {
		switch v := v.(type) {
		case map[string]any:
			for _, k := range slices.Sorted(maps.Keys(v)) {
				x := v[k]
				visit(path+"."+k, x, func(x any) { v[k] = x })
				all = append(all, func() string { delete(v, k); return path + "." + k })
			}
		case []any:
			for i, x := range v {
				visit(fmt.Sprintf("%s[%d]", path, i), x, func(x any) { v[i] = x })
			}
			all = append(all, func() string { set(append(v, "more")); return path })
		case float64:
			all = append(all, func() string { set(v + 1); return path }, func() string { set(fmt.Sprint(v)); return path })
		case bool:
			all = append(all, func() string { set(!v); return path })
		case string:
			all = append(all, func() string { set(v + "x"); return path })
		case nil:
			all = append(all, func() string { set(false); return path })
		}
	}
	for i, r := range records {
		visit(fmt.Sprintf("[%d]", i), r, func(x any) { records[i] = x })
	}
	return all
}

func TestCompare_missingAndSurplusRecordsDiffer(t *testing.T) {
	t.Parallel()
	long := trace(t, `[{"t": 0, "step": 0}, {"end": 1, "pending": []}]`)
	d := conformance.Compare(long, long[:1])
	require.Equal(t, 1, d.Record)
	require.Nil(t, d.Got)
	d = conformance.Compare(long[:1], long)
	require.Equal(t, 1, d.Record)
	require.Nil(t, d.Expected)
}

func TestCompare_orderOfMembersIsFreeAndOfListsIsNot(t *testing.T) {
	t.Parallel()
	require.Nil(t, conformance.Compare(trace(t, `[{"a": 1, "b": [1, 2]}]`), trace(t, `[{"b": [1, 2], "a": 1.0}]`)))
	require.NotNil(t, conformance.Compare(trace(t, `[{"b": [1, 2]}]`), trace(t, `[{"b": [2, 1]}]`)))
	require.NotNil(t, conformance.Compare(trace(t, `[{"a": null}]`), trace(t, `[{}]`)))
}

func TestDifference_showsBothSidesOfWhatDiffers(t *testing.T) {
	t.Parallel()
	d := conformance.Compare(
		trace(t, `[{"t": 10, "step": 1, "queries": [{"key": ["a"], "data": 1, "status": "success"}]}]`),
		trace(t, `[{"t": 10, "step": 1, "queries": [{"key": ["a"], "data": 2, "status": "success"}]}]`),
	)
	var marked []string
	for line := range strings.Lines(d.String()) {
		if strings.HasPrefix(line, "*") {
			marked = append(marked, strings.Join(strings.Fields(line), " "))
		}
	}
	require.Equal(t, []string{`* queries ["a"] data 1 2`}, marked)
}

// TestPlay_anyWrongExpectationIsRejected plays real scenarios against every
// altered expectation, so that the corpus cannot pass by comparing nothing.
func TestPlay_anyWrongExpectationIsRejected(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"polling/interval-by-data", "cancellation/abort-reaches-every-attempt",
		"select/selective-on-two-properties", "seller/confirm-order-optimistic",
	} {
		text, err := os.ReadFile(filepath.Join(corpus, name+".json"))
		require.NoError(t, err)
		s, err := conformance.Parse(text)
		require.NoError(t, err)
		problem, _ := examine(t, conformance.File{Scenario: s})
		require.Empty(t, problem)
		count := len(mutants(s.Expect))
		for i := 0; i < count; i += 7 { // each of them is played
			altered, err := conformance.Parse(text)
			require.NoError(t, err)
			where := mutants(altered.Expect)[i]()
			problem, _ = examine(t, conformance.File{Scenario: altered})
			require.Contains(t, problem, "differs", name+where)
		}
	}
}

// TestPlay_lookingAtEveryMillisecondSeesTheSame compares the two ways of letting
// time pass.
func TestPlay_lookingAtEveryMillisecondSeesTheSame(t *testing.T) {
	t.Parallel()
	files, err := conformance.Load(os.DirFS(corpus), "staleness")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range files {
		require.NoError(t, f.Err)
		var quick, careful []any
		synctest.Test(t, func(t *testing.T) {
			var err error
			quick, err = f.Scenario.Play()
			require.NoError(t, err)
		})
		synctest.Test(t, func(t *testing.T) {
			var err error
			careful, err = f.Scenario.PlayCarefully()
			require.NoError(t, err)
		})
		require.Nil(t, conformance.Compare(quick, careful), f.Path)
	}
}
