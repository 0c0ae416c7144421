package conformance

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

// value decodes JSON, in which the word absent stands for no value.
func value(t *testing.T, text string) any {
	t.Helper()
	if text == "absent" {
		return absent
	}
	v, err := decode([]byte(text))
	require.NoError(t, err)
	return v
}

func TestCanonical_isTheTextThatJavaScriptWrites(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"b": [1, {"z": null, "a": true}], "a": "<&>\u2028é\n"}`: `{"a":"<&>\u2028é\n","b":[1,{"a":true,"z":null}]}`,
		`[ ]`:       `[]`,
		`-0.5`:      `-0.5`,
		`123456789`: `123456789`,
		`absent`:    `undefined`,
	} {
		require.Equal(t, want, canonical(value(t, text)))
	}
	require.Equal(t, `[null,1]`, canonical(list{absent, 1.0}))
	require.Equal(t, `{"b":1}`, canonical(object{"a": absent, "b": 1.0}))
}

func TestSameJSON_tellsNullFromNoValue(t *testing.T) {
	t.Parallel()
	require.True(t, sameJSON(value(t, `{"a": 1, "b": 2}`), value(t, `{"b": 2, "a": 1.0}`)))
	require.False(t, sameJSON(nil, absent))
	require.False(t, sameJSON(value(t, `[1]`), value(t, `["1"]`)))
	require.False(t, sameJSON(value(t, `[]`), value(t, `{}`)))
}

func TestAt_followsMembersAndIndexes(t *testing.T) {
	t.Parallel()
	v := value(t, `{"orders": [{"status": "new"}, null], "n": 3}`)
	require.Equal(t, "new", at(v, "orders.0.status"))
	require.Nil(t, at(v, "orders.1"))
	require.Equal(t, v, at(v, ""))
	for _, path := range []string{"x", "orders.2", "orders.-1", "orders.x", "n.x", "orders.1.x"} {
		require.Equal(t, absent, at(v, path), path)
	}
	require.Equal(t, "p", at(pages{Pages: []any{1.0}, PageParams: []any{"p"}}, "pageParams.0"))
}

func TestClone_sharesNothing(t *testing.T) {
	t.Parallel()
	v := value(t, `{"a": [{"b": 1}]}`)
	c := clone(v)
	require.Equal(t, v, c)
	require.False(t, identical(v, c))
	require.False(t, identical(at(v, "a.0"), at(c, "a.0")))
}

func TestIdentical_isAboutReferences(t *testing.T) {
	t.Parallel()
	a, b := value(t, `[1]`).(list), value(t, `[1]`).(list)
	require.True(t, identical(a, a))
	require.False(t, identical(a, b))
	require.False(t, identical(a, append(a, 2.0)))
	require.True(t, identical("x", "x"))
	require.False(t, identical("x", a))
	require.False(t, identical(a, "x"))
	require.True(t, identical(pages{Pages: a, PageParams: b}, pages{Pages: a, PageParams: b}))
	require.False(t, identical(pages{Pages: a, PageParams: b}, pages{Pages: b, PageParams: b}))
	require.True(t, container(pages{}))
	require.False(t, container(list{}))
}

func TestOperator_isAnObjectWithOneDollarMember(t *testing.T) {
	t.Parallel()
	name, members, ok := operator(value(t, `{"$maxFetches": 3, "every": 100}`))
	require.True(t, ok)
	require.Equal(t, "$maxFetches", name)
	require.Len(t, members, 2)
	for _, text := range []string{`{}`, `{"a": 1}`, `[]`, `"$x"`, `{"$a": 1, "$b": 2}`} {
		_, _, ok := operator(value(t, text))
		require.False(t, ok, text)
	}
}

func TestFilled_replacesOnlyKnownNames(t *testing.T) {
	t.Parallel()
	known := object{"key": list{"a", 1.0}, "var": object{"x": object{"y": 2.0}}}
	for text, want := range map[string]string{
		`"$key"`:                         `["a", 1]`,
		`"$var.x.y"`:                     `2`,
		`"$var.z"`:                       `absent`,
		`"$other"`:                       `"$other"`,
		`"costs $key"`:                   `"costs $key"`,
		`{"a": "$var.z", "b": "$key.0"}`: `{"b": "a"}`,
		`["$var.z", {"$merge": {"n": "$key.1"}}]`: `[null, {"$merge": {"n": 1}}]`,
	} {
		require.Equal(t, value(t, want), filled(value(t, text), known), text)
	}
	require.False(t, identical(filled("$var.x", known), at(known["var"], "x")))
}

func TestUpdated_appliesEachUpdater(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ op, old, want string }{
		{`{"$append": 3}`, `[1]`, `[1, 3]`},
		{`{"$append": 3}`, `absent`, `[3]`},
		{`{"$prepend": 3}`, `[1]`, `[3, 1]`},
		{`{"$prepend": 3}`, `{"a": 1}`, `[3]`},
		{`{"$inc": 2}`, `5`, `7`},
		{`{"$inc": 2}`, `"5"`, `2`},
		{`{"$merge": {"b": 2}}`, `{"a": 1, "b": 1}`, `{"a": 1, "b": 2}`},
		{`{"$merge": {"b": 2}}`, `null`, `{"b": 2}`},
		{`{"$set": {"path": "a.0.b", "value": 1}}`, `{"a": [{"b": 0}], "c": 2}`, `{"a": [{"b": 1}], "c": 2}`},
		{`{"$set": {"path": "a.b", "value": 1}}`, `absent`, `{"a": {"b": 1}}`},
		{`{"$set": {"path": "", "value": 1}}`, `[2]`, `1`},
		{`{"$setWhere": {"match": {"id": 1}, "set": {"s": "x"}}}`, `[{"id": 1}, {"id": 2}]`, `[{"id": 1, "s": "x"}, {"id": 2}]`},
		{`{"$setWhere": {"match": {"id": 1}, "set": {"s": "x"}}}`, `{"id": 1}`, `{"id": 1}`},
		{`{"$remove": {"id": 1}}`, `[{"id": 1}, {"id": 2}, 3]`, `[{"id": 2}, 3]`},
		{`{"$remove": {"id": 1}}`, `absent`, `absent`},
		{`{"$undefined": true}`, `1`, `absent`},
		{`{"$same": true}`, `[1]`, `[1]`},
		{`{"$clone": true}`, `[1]`, `[1]`},
	} {
		old := value(t, c.old)
		require.Equal(t, value(t, c.want), updated(value(t, c.op), old), "%s on %s", c.op, c.old)
		require.Equal(t, value(t, c.old), old, "%s changed its argument", c.op)
	}
	old := value(t, `{"a": {"x": 1}, "b": {"y": 2}}`)
	next := updated(value(t, `{"$set": {"path": "a.x", "value": 2}}`), old)
	require.True(t, identical(at(old, "b"), at(next, "b")))
	require.False(t, identical(at(old, "a"), at(next, "a")))
	require.True(t, identical(old, updated(value(t, `{"$same": true}`), old)))
	require.False(t, identical(old, updated(value(t, `{"$clone": true}`), old)))
}

func TestSelector_appliesEachOperator(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ op, data, want string }{
		{`{"$pick": "x.y"}`, `{"x": {"y": 1}}`, `1`},
		{`{"$pick": "z"}`, `{"x": 1}`, `null`},
		{`{"$map": "s"}`, `[{"s": 1}, {}]`, `[1, null]`},
		{`{"$filter": {"s": 1}}`, `[{"s": 1, "t": 2}, {"s": 2}, 1]`, `[{"s": 1, "t": 2}]`},
		{`{"$find": {"s": 2}}`, `[{"s": 1}, {"s": 2}]`, `{"s": 2}`},
		{`{"$find": {"s": 3}}`, `[{"s": 1}]`, `null`},
		{`{"$wrap": "n"}`, `[1]`, `{"n": [1]}`},
		{`{"$length": true}`, `[1, 2]`, `2`},
		{`{"$flatPages": true}`, `{"pages": [[1, 2], [], [3], 4], "pageParams": []}`, `[1, 2, 3, 4]`},
		{`{"$throwWhen": {"path": "x", "equals": 1, "message": "one"}}`, `{"x": 2}`, `{"x": 2}`},
	} {
		got, err := newSelector(value(t, c.op))(value(t, c.data))
		require.NoError(t, err, c.op)
		require.Equal(t, value(t, c.want), got, c.op)
	}
	for op, message := range map[string]string{
		`{"$throw": "no"}`: "no",
		`{"$throwWhen": {"path": "x", "equals": 1, "message": "one"}}`: "one",
		`{"$length": true}`: `a selector for lists met {"x":1}`,
	} {
		_, err := newSelector(value(t, op))(value(t, `{"x": 1}`))
		require.EqualError(t, err, message)
	}
}

func TestPageParam_appliesEachOperator(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		op, edge, param string
		pages           int
		want            string
	}{
		{`{"$plus": 1}`, `[]`, `4`, 1, `5`},
		{`{"$plus": 1, "until": 5}`, `[]`, `5`, 1, `absent`},
		{`{"$plus": -1, "downTo": 0}`, `[]`, `0`, 1, `absent`},
		{`{"$plus": -1, "downTo": 0}`, `[]`, `1`, 1, `0`},
		{`{"$field": "next"}`, `{"next": "c2"}`, `null`, 1, `"c2"`},
		{`{"$field": "next"}`, `{"next": null}`, `null`, 1, `absent`},
		{`{"$field": "next"}`, `{}`, `null`, 1, `absent`},
		{`{"$pageCount": 2}`, `[]`, `0`, 1, `1`},
		{`{"$pageCount": 2}`, `[]`, `0`, 2, `absent`},
		{`{"$none": true}`, `[]`, `0`, 1, `absent`},
	} {
		next, ok := pageParam(value(t, c.op))(value(t, c.edge), value(t, c.param), c.pages)
		require.Equal(t, c.want != "absent", ok, c.op)
		if ok {
			require.Equal(t, value(t, c.want), next, c.op)
		}
	}
}

func TestErrorText_namesErrorsOfTheLibraryByToken(t *testing.T) {
	t.Parallel()
	require.Nil(t, errorText(nil))
	for _, c := range []struct {
		err  error
		want string
	}{
		{&scriptedError{"boom"}, "boom"},
		{&query.FetchError{Err: &scriptedError{"boom"}}, "boom"},
		{fmt.Errorf("late: %w", query.ErrCancelled), "$cancelled"},
		{query.ErrNoFetch, "$missingQueryFn"},
		{query.ErrNoMutationFunc, "$missingMutationFn"},
		{&query.RestoredError{Message: query.ErrCancelled.Error()}, "$cancelled"},
		{&query.RestoredError{Message: "boom"}, "boom"},
		{errors.New("something else"), "something else"},
	} {
		require.Equal(t, c.want, errorText(c.err))
	}
}

func TestMergeOptions_unsetRemoves(t *testing.T) {
	t.Parallel()
	old := object{"staleTime": 1.0, "select": object{"$pick": "x"}}
	merged := mergeOptions(old, object{"staleTime": 2.0, "select": object{"$unset": true}, "gcTime": 3.0})
	require.Equal(t, object{"staleTime": 2.0, "gcTime": 3.0}, merged)
	require.Len(t, old, 2)
}
