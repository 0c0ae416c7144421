package share_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/freshet-go/freshet/internal/share"
)

// sample has every kind of part; equal draws give deeply equal values.
type sample struct {
	N      int
	F      float32
	Text   string
	Flat   [2]bool
	Bytes  []byte
	Words  []string
	Child  *sample
	Many   []*sample
	Inline []line
	Index  map[int]*sample
	Tree   any
	Opaque *secret
}

func samples(depth int) *rapid.Generator[*sample] {
	return rapid.Custom(func(t *rapid.T) *sample {
		s := &sample{
			N:     rapid.IntRange(0, 1).Draw(t, "n"),
			F:     rapid.SampledFrom([]float32{0, 1.5}).Draw(t, "f"),
			Text:  rapid.SampledFrom([]string{"", "x"}).Draw(t, "text"),
			Flat:  [2]bool{rapid.Bool().Draw(t, "flat")},
			Bytes: rapid.SampledFrom([][]byte{nil, {}, []byte("a")}).Draw(t, "bytes"),
			Words: rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b"}), 0, 2).Draw(t, "words"),
			Tree:  tree(2).Draw(t, "tree"),
		}
		if rapid.Bool().Draw(t, "opaque") {
			s.Opaque = &secret{ptr("x"), rapid.IntRange(0, 1).Draw(t, "secret")}
		}
		for range rapid.IntRange(0, 2).Draw(t, "inline") {
			s.Inline = append(s.Inline, line{SKU: "s", Count: rapid.IntRange(0, 1).Draw(t, "count")})
		}
		if depth > 0 {
			s.Child = samples(depth-1).Draw(t, "child")
			s.Many = rapid.SliceOfN(samples(depth-1), 0, 3).Draw(t, "many")
			s.Index = rapid.MapOfN(rapid.IntRange(0, 2), samples(depth-1), 0, 2).Draw(t, "index")
		}
		return s
	})
}

// edited copies s deeply and may change a part of it at any level.
func edited(t *rapid.T, s *sample) *sample {
	if s == nil {
		return nil
	}
	out := clone(s)
	out.Child = edited(t, s.Child)
	for i, m := range s.Many {
		out.Many[i] = edited(t, m)
	}
	switch rapid.IntRange(0, 9).Draw(t, "edit") {
	case 0:
		out.N++
	case 1:
		out.Many = append(out.Many, &sample{})
	case 2:
		out.Words = nil
	case 3:
		out.Tree = variant(t, out.Tree)
	case 4:
		out.Inline = append(out.Inline, line{SKU: "new"})
	case 5:
		out.Index = map[int]*sample{1: out.Child}
	}
	return out
}

func TestShare_properties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		old := samples(2).Draw(t, "old")
		next := edited(t, old)
		oldCopy, nextCopy := clone(old), clone(next)

		out := share.Share(old, next)

		require.True(t, reflect.DeepEqual(out, next), "the result is next in value")
		require.Equal(t, reflect.DeepEqual(old, next), out == any(old), "old itself if and only if equal")
		require.True(t, reflect.DeepEqual(old, oldCopy), "old is not written to")
		require.True(t, reflect.DeepEqual(next, nextCopy), "next is not written to")
	})
}

func TestShare_unrelatedSamples(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		old, next := samples(1).Draw(t, "old"), samples(1).Draw(t, "next")
		require.True(t, reflect.DeepEqual(share.Share(old, next), next))
		require.True(t, reflect.DeepEqual(share.Share(old.Tree, next.Tree), next.Tree))
	})
}

// clone copies deeply, by reflection, whatever it is given.
func clone[T any](v T) T {
	out, _ := reflect.TypeAssert[T](deepClone(reflect.ValueOf(&v)).Elem())
	return out
}

func deepClone(v reflect.Value) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			out.Set(reflect.New(v.Type().Elem()))
			out.Elem().Set(deepClone(v.Elem()))
		}
	case reflect.Interface:
		if !v.IsNil() {
			out.Set(deepClone(v.Elem()))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				out.Field(i).Set(deepClone(v.Field(i)))
			}
		}
	case reflect.Slice:
		if !v.IsNil() {
			out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
			for i := range v.Len() {
				out.Index(i).Set(deepClone(v.Index(i)))
			}
		}
	case reflect.Map:
		if !v.IsNil() {
			out.Set(reflect.MakeMap(v.Type()))
			for key, elem := range v.Seq2() {
				out.SetMapIndex(key, deepClone(elem))
			}
		}
	}
	return out
}
