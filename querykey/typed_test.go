package querykey_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/freshet-go/freshet/querykey"
)

type label string

// requireKeysOfOf holds the typed constructors of parts against Of.
func requireKeysOfOf[A, B any](t require.TestingT, a A, b B) {
	require.Equal(t, querykey.Of(a, b), querykey.Of2(a, b))
	require.Equal(t, querykey.Of(b, a, b), querykey.Of3(b, a, b))
	require.Equal(t, querykey.Of(a, b, b, a), querykey.Of4(a, b, b, a))
}

func TestOf2_makesTheKeysOfOf(t *testing.T) {
	t.Parallel()
	requireKeysOfOf(t, "orders", 17)
	requireKeysOfOf(t, "", math.MinInt)
	requireKeysOfOf(t, int64(math.MinInt64), uint64(math.MaxUint64))
	requireKeysOfOf(t, label("orders"), int8(3))
	requireKeysOfOf[any, error](t, nil, nil)
	requireKeysOfOf(t, any("orders"), any(17))
	requireKeysOfOf(t, time.Unix(0, 0).UTC(), map[string]any{"b": 1, "a": []int{2}})
	requireKeysOfOf(t, 1.5, querykey.Of("nested", 1))
	requireKeysOfOf(t, "not \xff UTF-8", 1)
	requireKeysOfOf(t, 1, make(chan int))
	require.Error(t, querykey.Of3("a", "b", "\xff").Err())
}

func TestOf2_makesTheKeysOfOfForAnyStrings(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		requireKeysOfOf(t, rapid.String().Draw(t, "a"), rapid.Int().Draw(t, "b"))
		requireKeysOfOf(t, rapid.StringMatching(`[ -~]{0,40}`).Draw(t, "ASCII"), rapid.Uint64().Draw(t, "number"))
	})
}

func TestOf3_allocatesNothingButTheText(t *testing.T) {
	n := 1000
	require.LessOrEqual(t, testing.AllocsPerRun(1000, func() {
		n++
		if querykey.Of3("orders", ids[n%len(ids)], n).Err() != nil {
			t.Error(n)
		}
	}), 1.0)
}

func ExampleOf2() {
	fmt.Println(querykey.Of2("order", 17))
	fmt.Println(querykey.Of2("order", 17) == querykey.Of("order", 17))
	// Output:
	// ["order",17]
	// true
}

func ExampleOf3() {
	fmt.Println(querykey.Of3("orders", "detail", 17))
	// Output: ["orders","detail",17]
}

func ExampleOf4() {
	fmt.Println(querykey.Of4("tenant", 3, "orders", "o-17"))
	// Output: ["tenant",3,"orders","o-17"]
}

func BenchmarkOf3(b *testing.B) {
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		querykey.Of3("orders", ids[i%len(ids)], i)
	}
}
