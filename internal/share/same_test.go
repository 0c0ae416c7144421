package share_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/internal/share"
)

// boxes cannot be compared by ==.
type boxes struct {
	Any   any
	List  []int
	Pair  [2]any
	inner map[string]int
	do    func()
}

func counter(n int) func() int { return func() int { n++; return n } }

func TestSame(t *testing.T) {
	t.Parallel()
	m, l, s, ch, p := object{}, list{1, 2}, []int{1, 2, 3}, make(chan int), ptr(1)
	count, named := counter(0), map[string]int{}
	type key struct{ A, B string }
	for name, test := range map[string]struct {
		a, b any
		same bool
	}{
		"nil":                        {nil, nil, true},
		"nil and value":              {nil, 0, false},
		"value and nil":              {0, nil, false},
		"nil and typed nil":          {nil, (*int)(nil), false},
		"equal scalars":              {"x", "x", true},
		"other scalars":              {"x", "y", false},
		"number types":               {1, 1.0, false},
		"NaN":                        {math.NaN(), math.NaN(), false},
		"comparable structs":         {key{"a", "b"}, key{"a", "b"}, true},
		"other comparable structs":   {key{"a", "b"}, key{"a", "c"}, false},
		"one object":                 {m, m, true},
		"two objects":                {object{}, object{}, false},
		"nil objects":                {object(nil), object(nil), true},
		"object and list":            {m, l, false},
		"list and object":            {l, m, false},
		"one list":                   {l, l, true},
		"list, other capacity":       {l, l[:2:2], true},
		"list, other length":         {l, l[:1], false},
		"two lists":                  {list{1}, list{1}, false},
		"nil and empty list":         {list(nil), list{}, false},
		"empty lists":                {list{}, list{}, true},
		"one slice":                  {s, s, true},
		"slice, other start":         {s[:2], s[1:], false},
		"nil and empty slice":        {[]int(nil), []int{}, false},
		"one map":                    {named, named, true},
		"two maps":                   {named, map[string]int{}, false},
		"one channel":                {ch, ch, true},
		"two channels":               {ch, make(chan int), false},
		"one pointer":                {p, p, true},
		"two pointers":               {p, ptr(1), false},
		"one function":               {count, count, true},
		"two closures of a literal":  {count, counter(0), false},
		"two functions":              {counter, ptr[int], false},
		"nil functions":              {(func())(nil), (func())(nil), true},
		"nil function and another":   {(func() int)(nil), count, false},
		"uncomparable structs":       {boxes{Any: s, List: s}, boxes{Any: s, List: s}, true},
		"other uncomparable structs": {boxes{Any: s}, boxes{Any: []int{1, 2, 3}}, false},
		"unexported map":             {boxes{inner: named}, boxes{inner: named}, true},
		"other unexported map":       {boxes{inner: named}, boxes{inner: map[string]int{}}, false},
		"unexported function":        {boxes{do: func() {}}, boxes{do: func() {}}, false},
		"interface types differ":     {boxes{Any: 1}, boxes{Any: "1"}, false},
		"interface nil":              {boxes{Any: 1}, boxes{}, false},
		"arrays":                     {[2]any{s, m}, [2]any{s, m}, true},
		"other arrays":               {[2]any{s, m}, [2]any{s, object{}}, false},
		"exported function inside":   {[1]any{count}, [1]any{count}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.same, share.Same(test.a, test.b))
			require.Equal(t, test.same, share.Same(test.b, test.a))
		})
	}
}
