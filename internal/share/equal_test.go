package share_test

import (
	"errors"
	"io"
	"math"
	"math/big"
	"net"
	"net/netip"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/freshet-go/freshet/internal/share"
)

// padded has a gap that no field covers.
type padded struct {
	Flag bool
	N    int64
}

type tagged struct {
	padded // makes it opaque
	Name   string
}

// everything has a field of each way in which parts are compared.
type everything struct {
	Bool    bool
	Byte    uint8
	Short   uint16
	F32     float32
	F64     float64
	C64     complex64
	C128    complex128
	Text    string
	Texts   [2]string
	Shorts  [3]int16
	Floats  [2]float64
	Gaps    [2]padded
	None    [0]int
	Nothing struct{}
	Pointer [1]*int
	Far     **int
	Bytes   []byte
	Words   []string
	Rows    []padded
	Reals   []float32
	Grid    [][]int
	Counts  map[string]int
	Index   map[float64]*padded
	Tree    map[string]any
	Any     any
	Err     error
	Chan    chan int
	Func    func()
	Time    time.Time
	Addr    netip.Addr
	Big     *big.Int
	IP      net.IP
	Money   money
	Moneys  []money
	Tagged  []tagged
	Guard   *struct {
		sync.Mutex
		N int
	}
}

// parts returns what the fields of everything are drawn from, made anew.
func parts(lone chan int) map[string][]any {
	now := time.Unix(1_700_000_000, 0).UTC()
	nan := math.NaN()
	return map[string][]any{
		"Bool":    {false, true},
		"Byte":    {uint8(0), uint8(1)},
		"Short":   {uint16(0), uint16(256)},
		"F32":     {float32(0), float32(math.Copysign(0, -1)), float32(1), float32(nan)},
		"F64":     {0.0, math.Copysign(0, -1), 1.0, nan},
		"C64":     {complex64(0), complex64(1i), complex64(complex(0, nan))},
		"C128":    {complex(0, 0), 1i, complex(nan, 0)},
		"Text":    {"", "x", "y"},
		"Texts":   {[2]string{}, [2]string{"", "x"}},
		"Shorts":  {[3]int16{}, [3]int16{0, 0, 1}},
		"Floats":  {[2]float64{}, [2]float64{0, nan}, [2]float64{math.Copysign(0, -1)}},
		"Gaps":    {[2]padded{}, [2]padded{{}, {true, 0}}},
		"Pointer": {[1]*int{}, [1]*int{ptr(1)}, [1]*int{ptr(2)}},
		"Far":     {(**int)(nil), ptr((*int)(nil)), ptr(ptr(1))},
		"Bytes":   {[]byte(nil), []byte{}, []byte("a"), []byte("b")},
		"Words":   {[]string(nil), []string{}, []string{"a", "b"}, []string{"a", "c"}, []string{"a"}},
		"Rows":    {[]padded(nil), []padded{}, []padded{{true, 1}}, []padded{{true, 2}}, []padded{{true, 1 + 1<<40}}},
		"Reals":   {[]float32{0}, []float32{float32(math.Copysign(0, -1))}, []float32{float32(nan)}},
		"Grid":    {[][]int{{1}, {2}}, [][]int{{1}, {3}}, [][]int{{1}, {}}, [][]int{{1}, nil}},
		"Counts":  {map[string]int(nil), map[string]int{}, map[string]int{"a": 1}, map[string]int{"a": 2}, map[string]int{"b": 1}},
		"Index":   {map[float64]*padded{1: {}}, map[float64]*padded{1: {true, 1}}, map[float64]*padded{1: nil}, map[float64]*padded{nan: {}}},
		"Tree":    {object(nil), object{}, object{"a": list{1.0}}, object{"a": list{2.0}}, object{"a": list{nan}}},
		"Any": {
			nil, 1, 1.0, "1", nan,
			list{},
			list(nil),
			list{object{"a": nil}},
			list{object{"b": nil}},
			object{},
			object(nil),
			ptr(1), ptr(2), now, now.Add(1),
			padded{true, 1},
			padded{true, 2},
			money{"1", 1},
			money{"2", 1},
			uint8(1), uint8(2),
			[1]any{1},
			[1]any{ptr(2)},
			map[string]int{"a": 1},
			map[string]int{"a": 2},
			[]padded{{}},
			(*padded)(nil),
		},
		"Err":    {error(nil), errors.New("a"), errors.New("b"), io.EOF},
		"Chan":   {(chan int)(nil), lone, make(chan int)},
		"Func":   {(func())(nil), func() {}},
		"Time":   {now, now.In(time.FixedZone("", 3600)), now.Add(1)},
		"Addr":   {netip.Addr{}, netip.MustParseAddr("::1"), netip.MustParseAddr("::2%eth0")},
		"Big":    {(*big.Int)(nil), big.NewInt(1), big.NewInt(2)},
		"IP":     {net.IP(nil), net.IP{}, net.IP{127, 0, 0, 1}, net.ParseIP("127.0.0.1")},
		"Money":  {money{}, money{"1", 1}, money{"1.0", 1}},
		"Moneys": {[]money{{"1", 1}}, []money{{"1.0", 1}}, []money{{"2", 2}}},
		"Tagged": {[]tagged{{padded{true, 1}, "x"}}, []tagged{{padded{true, 2}, "x"}}, []tagged(nil)},
	}
}

// everythings draws two values that differ in few fields, if any.
func everythings(t *rapid.T) (old, next *everything) {
	old, next = &everything{}, &everything{}
	lone := make(chan int)
	for field := range reflect.TypeFor[everything]().Fields() {
		name := field.Name
		ofOld, ofNext := parts(lone)[name], parts(lone)[name]
		if len(ofOld) == 0 {
			continue
		}
		i := 0
		if rapid.IntRange(0, 9).Draw(t, "set") == 0 {
			i = rapid.IntRange(0, len(ofOld)-1).Draw(t, name)
		}
		k := i
		if rapid.IntRange(0, 60).Draw(t, "edit") == 0 {
			k = rapid.IntRange(0, len(ofOld)-1).Draw(t, name+" of next")
		}
		assign(old, name, ofOld[i])
		assign(next, name, ofNext[k])
	}
	return old, next
}

func assign(to *everything, field string, v any) {
	if v != nil {
		reflect.ValueOf(to).Elem().FieldByName(field).Set(reflect.ValueOf(v))
	}
}

func TestShare_equalAsReflectionSees(t *testing.T) {
	t.Parallel()
	equal, different := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		old, next := everythings(t)
		requireVerdict(t, old, next)
		if equalByReflection(reflect.ValueOf(old), reflect.ValueOf(next)) {
			equal++
		} else {
			different++
		}
	})
	require.NotZero(t, equal)
	require.NotZero(t, different)
}

// TestShare_equalFieldByField is the property without chance: each pair of parts
// in each field, all else being equal.
func TestShare_equalFieldByField(t *testing.T) {
	t.Parallel()
	lone := make(chan int)
	for name, all := range parts(lone) {
		for i := range all {
			for k := range all {
				old, next := &everything{}, &everything{}
				assign(old, name, parts(lone)[name][i])
				assign(next, name, parts(lone)[name][k])
				requireVerdict(t, old, next, "%s: %d and %d", name, i, k)
			}
		}
	}
}

// requireVerdict checks in all places where a value may lie that Share takes old
// if and only if reflection finds next equal.
func requireVerdict(t require.TestingT, old, next *everything, about ...any) {
	want := equalByReflection(reflect.ValueOf(old), reflect.ValueOf(next))
	require.Equal(t, want, share.Share(old, next) == any(old), about...)

	olds, nexts := []*everything{{}, old}, []*everything{{}, next}
	require.Equal(t, want, share.Same(share.Share(olds, nexts), olds), about...)
	byID, nextByID := map[int]*everything{1: old}, map[int]*everything{1: next}
	require.Equal(t, want, share.Same(share.Share(byID, nextByID), byID), about...)
	boxes, nextBoxes := []any{old}, []any{next}
	require.Equal(t, want, share.Same(share.Share(boxes, nextBoxes), boxes), about...)
	if !want {
		merged, _ := share.Share(olds, nexts).([]*everything)
		require.Same(t, olds[0], merged[0], about...)
	}
}

// equalByReflection is what plans stand for, by kinds and without them.
func equalByReflection(a, b reflect.Value) bool {
	if a.Type() != b.Type() {
		return false
	}
	switch a.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface, reflect.Func:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() && b.IsNil()
		}
	}
	if equal := a.MethodByName("Equal"); equal.IsValid() && equal.Type().NumIn() == 1 && equal.Type().In(0) == a.Type() {
		return equal.Call([]reflect.Value{b})[0].Bool()
	}
	switch a.Kind() {
	case reflect.Struct:
		for i := range a.NumField() {
			if !a.Type().Field(i).IsExported() {
				return reflect.DeepEqual(a.Interface(), b.Interface())
			}
		}
		for i := range a.NumField() {
			if !equalByReflection(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Slice, reflect.Array:
		for i := range min(a.Len(), b.Len()) {
			if !equalByReflection(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return a.Len() == b.Len()
	case reflect.Map:
		for key, v := range a.Seq2() {
			other := b.MapIndex(key)
			if !other.IsValid() || !equalByReflection(v, other) {
				return false
			}
		}
		return a.Len() == b.Len()
	case reflect.Pointer, reflect.Interface:
		return equalByReflection(a.Elem(), b.Elem())
	case reflect.Func:
		return false
	default:
		return a.Equal(b)
	}
}
