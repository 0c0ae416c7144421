package rawjson_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/internal/rawjson"
)

// elements returns what Split finds, nil if it is in doubt.
func elements(text, member string) []string {
	list, ok := rawjson.Split([]byte(text), member)
	if !ok {
		return nil
	}
	found := []string{}
	for i := range list.Len() {
		found = append(found, string(list.Element(i)))
	}
	return found
}

func TestSplit_findsElements(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		`[]`:                       {},
		" [ ] \n":                  {},
		`[1,2.5e3,"x",null,true]`:  {"1", "2.5e3", `"x"`, "null", "true"},
		"[ 1 ,\n\t{\"a\":[1,2]} ]": {"1", `{"a":[1,2]}`},
		`["]",",","\"","\\"]`:      {`"]"`, `","`, `"\""`, `"\\"`},
		`[[[]],[{}],{"a":"}"}]`:    {"[[]]", "[{}]", `{"a":"}"}`},
	} {
		require.Equal(t, want, elements(text, ""), text)
	}
}

func TestSplit_findsElementsOfAMember(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		`{"orders":[1,2]}`: {"1", "2"},
		` { "page" : {"orders":[9]} , "orders" : [1] , "total":7 } `: {"1"},

		`{"a":"\"","orders":[]}`: {},
	} {
		require.Equal(t, want, elements(text, "orders"), text)
	}
}

func TestSplit_doubts(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", 1002)
	for _, text := range []string{
		``, ` `, `null`, `7`, `"[1]"`, `{"a":[1]}`, `[1`, `[1,`, `[1,]`, `[,1]`, `[1 2]`, `[1}`, `[1]]`, `[1] x`, `["a]`, `[{"a":1]`, `["\"]`, deep,
	} {
		require.Nil(t, elements(text, ""), text)
	}
	for _, text := range []string{
		`[1]`, `{}`, `{"a":1}`, `{"orders":7}`, `{"orders":[1]`, `{"orders":[1]]`, `{"orders":[1]}x`, `{"orders":[1],}`, `{"a":,"orders":[1]}`,
		`{"orders":[1],"orders":[2]}`, `{"Orders":[1],"orders":[2]}`, `{"orders":[1],"ORDERS":[2]}`, `{"a" 1,"orders":[1]}`, `{"a`, `{"a":1 "orders":[]}`,
		`{"order\u0073":[1],"orders":[2]}`, `{"é":1,"orders":[2]}`, `{"orders":[1],"a":}`, `{"orders":[1],7:1}`, `{a:1,"orders":[1]}`,
	} {
		require.Nil(t, elements(text, "orders"), text)
	}
}

func TestList_rest(t *testing.T) {
	t.Parallel()
	list, ok := rawjson.Split([]byte(`{"a":1,"orders": [1,2] ,"b":2}`), "orders")
	require.True(t, ok)
	require.JSONEq(t, `{"a":1,"orders":[],"b":2}`, string(list.Rest()))
	require.Contains(t, string(list.Text()), "[1,2]")
}

// next returns where the elements of text are found in those of before.
func next(t *testing.T, before, text string) []int {
	t.Helper()
	list, ok := rawjson.Split([]byte(before), "")
	require.True(t, ok)
	after, from, ok := list.Next([]byte(text))
	require.True(t, ok, text)
	require.Len(t, from, after.Len())
	again, ok := rawjson.Split([]byte(text), "")
	require.True(t, ok)
	require.Equal(t, again.Len(), after.Len())
	for i, k := range from {
		require.Equal(t, string(again.Element(i)), string(after.Element(i)))
		if k >= 0 {
			require.Equal(t, string(list.Element(k)), string(after.Element(i)))
		}
	}
	return from
}

func TestNext_findsElementsAgain(t *testing.T) {
	t.Parallel()
	const before = `[1,22,333,"4"]`
	for text, want := range map[string][]int{
		before:                     {0, 1, 2, 3},
		` [1, 22, 333 ,"4" ]`:      {0, 1, 2, 3},
		`[]`:                       {},
		`[1,23,333,"4"]`:           {0, -1, 2, 3},
		`[7,8,1,22,333,"4"]`:       {-1, -1, 0, 1, 2, 3},
		`[22,"4"]`:                 {1, 3},
		`["4",1,22,333]`:           {3, 0, 1, 2},
		`["4",333,22,1]`:           {3, 2, 1, 0},
		`[1,1,1]`:                  {0, -1, -1},
		`[11,22,333,"4"]`:          {-1, 1, 2, 3},
		`[1e5,22]`:                 {-1, 1},
		`[1,22,333,"4",5,6]`:       {0, 1, 2, 3, -1, -1},
		`[9,9,9,9,9,9,1,22]`:       {-1, -1, -1, -1, -1, -1, 0, 1},
		`[{"a":1},22,333,"4","4"]`: {-1, 1, 2, 3, -1},
	} {
		require.Equal(t, want, next(t, before, text), text)
	}
}

func TestNext_findsManyInAnotherOrder(t *testing.T) {
	t.Parallel()
	const n = 200
	forth, back, want := make([]string, n), make([]string, n), make([]int, n)
	for i := range n {
		forth[i] = fmt.Sprintf(`{"id":%d}`, i)
		back[n-1-i], want[n-1-i] = forth[i], i
	}
	all := func(list []string) string { return "[" + strings.Join(list, ",") + "]" }
	require.Equal(t, want, next(t, all(forth), all(back)))
	for _, at := range []int{0, 1, 63, 64, 65, n - 1} {
		changed := append([]string{}, forth...)
		changed[at] = `"changed"`
		for i, from := range next(t, all(forth), all(changed)) {
			if i == at {
				require.Equal(t, -1, from)
			} else {
				require.Equal(t, i, from)
			}
		}
	}
}

func TestNext_doubts(t *testing.T) {
	t.Parallel()
	list, ok := rawjson.Split([]byte(`{"orders":[1,2]}`), "orders")
	require.True(t, ok)
	for _, text := range []string{`null`, `{"orders":[1,2`, `{"orders":[1,2]},`, `{"orders":[1,]}`, `{"orders":[1}}`} {
		_, _, ok := list.Next([]byte(text))
		require.False(t, ok, text)
	}
}
