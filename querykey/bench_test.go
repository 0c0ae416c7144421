package querykey_test

import (
	"testing"

	"github.com/freshet-go/freshet/querykey"
)

// ids vary the last part, so that no key is a constant to the compiler.
var ids = [...]string{"o-1001", "o-1002", "o-1003", "o-1004"}

func BenchmarkOf(b *testing.B) {
	b.Run("string", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			querykey.Of("orders", "detail", ids[i%len(ids)])
		}
	})
	b.Run("int", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			querykey.Of("orders", "detail", i%100)
		}
	})
	b.Run("map", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			querykey.Of("orders", "list", map[string]any{"page": i % 100, "status": "new"})
		}
	})
	b.Run("struct", func(b *testing.B) {
		type filter struct {
			Page   int    `json:"page"`
			Status string `json:"status"`
		}
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			querykey.Of("orders", "list", filter{Page: i % 100, Status: "new"})
		}
	})
}

func BenchmarkEqual(b *testing.B) {
	k := querykey.Of("orders", "detail", ids[0])
	others := []querykey.Key{querykey.Of("orders", "detail", ids[1]), querykey.Of("orders").With("detail", ids[0])}
	equal := 0
	for i := 0; b.Loop(); i++ {
		if k == others[i%2] {
			equal++
		}
	}
	b.ReportMetric(float64(equal)/float64(b.N), "equal/op")
}

func BenchmarkMatches(b *testing.B) {
	detail := querykey.Of("orders", "detail", "o-1001")
	list := querykey.Of("orders", "list", map[string]any{"page": 2, "seller": "s-1", "status": "new"})
	cases := []struct {
		name         string
		key, pattern querykey.Key
	}{
		{"prefix", detail, querykey.Of("orders", "detail")},
		{"otherFirst", detail, querykey.Of("products")},
		{"otherSecond", detail, querykey.Of("orders", "list")},
		{"object", list, querykey.Of("orders", "list", map[string]any{"status": "new"})},
		{"otherObject", list, querykey.Of("orders", "list", map[string]any{"status": "old"})},
	}
	for _, bc := range cases {
		b.Run(bc.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				bc.key.Matches(bc.pattern)
			}
		})
	}
}
