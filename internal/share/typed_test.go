package share_test

import (
	"errors"
	"math/big"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/internal/share"
)

type customer struct {
	Name  string
	Phone *string
}

type line struct {
	SKU   string
	Count int
	Price *big.Int
}

type order struct {
	ID       string
	Placed   time.Time
	Customer *customer
	Lines    []line
	Tags     []string
	Extra    map[string]any
	Notes    map[string]*string
	Totals   [2]*int
	Source   netip.Addr
	Payload  any
}

// secret has state that cannot be copied field by field.
type secret struct {
	Label *string
	n     int
}

func ptr[T any](v T) *T { return &v }

func sampleOrder(id string) *order {
	return &order{
		ID:       id,
		Placed:   time.Unix(1_700_000_000, 0),
		Customer: &customer{Name: "Ann", Phone: ptr("555")},
		Lines:    []line{{"s-1", 1, big.NewInt(100)}, {"s-2", 2, big.NewInt(200)}},
		Tags:     []string{"new", "gift"},
		Extra:    map[string]any{"color": "red", "sizes": []any{1.0, 2.0}},
		Notes:    map[string]*string{"a": ptr("one"), "b": ptr("two"), "c": nil},
		Totals:   [2]*int{ptr(1), ptr(2)},
		Source:   netip.MustParseAddr("127.0.0.1"),
		Payload:  []*customer{{Name: "Bob"}, {Name: "Cid"}},
	}
}

func TestShare_typedEqualIsOldItself(t *testing.T) {
	t.Parallel()
	old, next := sampleOrder("o-1"), sampleOrder("o-1")

	require.Same(t, old, share.Share(old, next))
	require.True(t, share.Same(share.Share(*old, *next), *old), "a struct by value keeps what it refers to")
	require.True(t, share.Same(share.Share(old.Lines, next.Lines), old.Lines))
	require.True(t, share.Same(share.Share(old.Notes, next.Notes), old.Notes))
	require.True(t, share.Same(share.Share(old.Totals, next.Totals), old.Totals))
	require.Equal(t, 7, share.Share(7, 7))
	require.Equal(t, [0]int{}, share.Share([0]int{}, [0]int{}))
}

func TestShare_changedFieldKeepsTheOthers(t *testing.T) {
	t.Parallel()
	old, next := sampleOrder("o-1"), sampleOrder("o-2")

	out := as[*order](t, share.Share(old, next))

	require.Equal(t, next, out)
	require.NotSame(t, old, out)
	require.NotSame(t, next, out, "next is copied, not written to")
	require.Same(t, old.Customer, out.Customer)
	require.True(t, share.Same(out.Lines, old.Lines))
	require.True(t, share.Same(out.Tags, old.Tags))
	require.True(t, share.Same(out.Extra, old.Extra))
	require.True(t, share.Same(out.Notes, old.Notes))
	require.True(t, share.Same(out.Totals, old.Totals))
	require.True(t, share.Same(out.Payload, old.Payload))
	require.Equal(t, sampleOrder("o-1"), old)
	require.Equal(t, sampleOrder("o-2"), next)
}

func TestShare_changedPartsKeepTheirEqualParts(t *testing.T) {
	t.Parallel()
	old, next := sampleOrder("o-1"), sampleOrder("o-1")
	next.Customer.Name = "Eve"
	next.Lines[1].Count++
	next.Extra["color"] = "blue"
	next.Notes["a"] = ptr("changed")
	next.Totals[0] = ptr(9)
	as[[]*customer](t, next.Payload)[1].Name = "Dan"

	out := as[*order](t, share.Share(old, next))

	require.Equal(t, next, out)
	require.Same(t, old.Customer.Phone, out.Customer.Phone)
	require.Same(t, old.Lines[0].Price, out.Lines[0].Price, "an equal element of a changed slice")
	require.Same(t, old.Lines[1].Price, out.Lines[1].Price, "an equal field of a changed element")
	require.True(t, share.Same(out.Extra["sizes"], old.Extra["sizes"]))
	require.Same(t, old.Notes["b"], out.Notes["b"])
	require.Same(t, next.Notes["a"], out.Notes["a"])
	require.Same(t, old.Totals[1], out.Totals[1])
	require.Same(t, as[[]*customer](t, old.Payload)[0], as[[]*customer](t, out.Payload)[0])
}

func TestShare_changedArrayKeepsItsOtherElements(t *testing.T) {
	t.Parallel()
	one := [1]*customer{{Name: "Ann", Phone: ptr("555")}}
	out := as[[1]*customer](t, share.Share(one, [1]*customer{{Name: "Bob", Phone: ptr("555")}}))
	require.Equal(t, "Bob", out[0].Name)
	require.Equal(t, "Ann", one[0].Name)
	require.Same(t, one[0].Phone, out[0].Phone)

	two := &[2]*int{ptr(1), ptr(2)}
	both := as[*[2]*int](t, share.Share(two, &[2]*int{ptr(1), ptr(3)}))
	require.Same(t, two[0], both[0])
	require.Equal(t, 3, *both[1])
}

func TestShare_sliceOfPointersKeepsUnchangedElements(t *testing.T) {
	t.Parallel()
	old := []*order{sampleOrder("o-1"), sampleOrder("o-2"), sampleOrder("o-3")}
	next := []*order{sampleOrder("o-1"), sampleOrder("o-x"), sampleOrder("o-3"), sampleOrder("o-4")}

	out := as[[]*order](t, share.Share(old, next))

	require.Equal(t, next, out)
	require.Same(t, old[0], out[0])
	require.Same(t, old[1].Customer, out[1].Customer)
	require.Same(t, old[2], out[2])
	require.Same(t, next[3], out[3])

	require.Same(t, old[0], as[[]*order](t, share.Share(old, next[:1]))[0], "R-SHARE-3 a subset")
}

func TestShare_differenceIsNext(t *testing.T) {
	t.Parallel()
	one, two := 1, 2
	boom := errors.New("boom")
	for name, test := range map[string]struct{ old, next any }{
		"type":               {int32(1), int64(1)},
		"named type":         {time.Duration(1), time.Month(1)},
		"pointer type":       {&one, ptr("1")},
		"number":             {[]int{1}, []int{2}},
		"bytes":              {[]byte("a"), []byte("b")},
		"shorter":            {[]int{1, 2}, []int{1}},
		"longer":             {[]*int{&one}, []*int{&one, &two}},
		"array":              {[2]int{1, 2}, [2]int{1, 3}},
		"nil slice":          {[]int{}, []int(nil)},
		"empty slice":        {[]int(nil), []int{}},
		"nil map":            {map[string]int{}, map[string]int(nil)},
		"empty map":          {map[string]int(nil), map[string]int{}},
		"nil pointer":        {&one, (*int)(nil)},
		"pointer after nil":  {(*int)(nil), &one},
		"map value":          {map[string]int{"a": 1}, map[string]int{"a": 2}},
		"map pointer value":  {map[string]*int{"a": &one}, map[string]*int{"a": &two}},
		"map key":            {map[string]int{"a": 1}, map[string]int{"b": 1}},
		"map grows":          {map[int]*int{1: &one}, map[int]*int{1: &one, 2: &one}},
		"map shrinks":        {map[int]*int{1: &one, 2: &one}, map[int]*int{1: &one}},
		"map value to nil":   {map[int]any{1: &one}, map[int]any{1: nil}},
		"interface to nil":   {struct{ V any }{&one}, struct{ V any }{}},
		"interface from nil": {struct{ V any }{}, struct{ V any }{&one}},
		"interface type":     {struct{ V any }{1}, struct{ V any }{"1"}},
		"interface methods":  {struct{ Err error }{boom}, struct{ Err error }{net.ErrClosed}},
		"pointer to any":     {ptr[any](1), ptr[any](2)},
		"channel":            {struct{ C chan int }{make(chan int)}, struct{ C chan int }{make(chan int)}},
		"unexported field":   {secret{n: 1}, secret{n: 2}},
		"opaque pointer":     {big.NewInt(1), big.NewInt(2)},
		"time":               {time.Unix(1, 0), time.Unix(2, 0)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := share.Share(test.old, test.next)
			require.Equal(t, test.next, out)
			require.NotEqual(t, test.old, out)
		})
	}
}

type (
	handle *customer
	shelf  []*customer
	index  map[string]*customer
)

func TestShare_namedTypesStayNamed(t *testing.T) {
	t.Parallel()
	phone := "555"
	a, b := &customer{"Ann", &phone}, &customer{"Bob", ptr("555")}
	for _, pair := range [][2]any{
		{handle(a), handle(b)},
		{shelf{a}, shelf{b}},
		{index{"x": a}, index{"x": b}},
	} {
		out := share.Share(pair[0], pair[1])
		require.IsType(t, pair[1], out)
		require.Equal(t, pair[1], out)
	}
	require.Same(t, &phone, as[handle](t, share.Share(handle(a), handle(b))).Phone)
}

func TestShare_opaqueStructIsKeptWhole(t *testing.T) {
	t.Parallel()
	label := "x"
	old := []*secret{{&label, 1}, {&label, 2}}
	next := []*secret{{ptr("x"), 1}, {ptr("x"), 3}}

	out := as[[]*secret](t, share.Share(old, next))

	require.Same(t, old[0], out[0])
	require.Same(t, next[1], out[1], "not merged: its label is equal but may belong to n")
}

func TestShare_locksAreNeverCopied(t *testing.T) {
	t.Parallel()
	type guarded struct {
		sync.Mutex
		Name *string
	}
	type owner struct {
		Guards []guarded
		Refs   map[string]*guarded
		Values map[string]guarded
		Pair   *[2]guarded
		N      int
	}
	build := func(name string) *owner {
		return &owner{
			Guards: []guarded{{Name: ptr("kept")}, {Name: ptr(name)}},
			Refs:   map[string]*guarded{"a": {Name: ptr("kept")}, "b": {Name: ptr(name)}},
			Values: map[string]guarded{"a": {Name: ptr("kept")}, "b": {Name: ptr(name)}},
			Pair:   &[2]guarded{{Name: ptr("kept")}, {Name: ptr(name)}},
		}
	}
	old, next := build("a"), build("b")

	out := as[*owner](t, share.Share(old, next))

	require.Equal(t, next, out)
	require.Same(t, &next.Guards[0], &out.Guards[0])
	require.Same(t, old.Refs["a"], out.Refs["a"], "behind a pointer it may be kept")
	require.Same(t, next.Refs["b"], out.Refs["b"])
	require.True(t, share.Same(out.Values, next.Values))
	require.Same(t, next.Pair, out.Pair)

	next = build("a")
	next.N = 1
	out = as[*owner](t, share.Share(old, next))
	require.Same(t, &old.Guards[0], &out.Guards[0])
	require.Same(t, old.Pair, out.Pair)
}

func TestShare_functionsAreEqualOnlyIfNil(t *testing.T) {
	t.Parallel()
	type hook struct {
		Do   func() int
		Name *string
	}
	none := &hook{Name: ptr("x")}
	require.Same(t, none, share.Share(none, &hook{Name: ptr("x")}))

	f := func() int { return 1 }
	old, next := &hook{f, ptr("x")}, &hook{f, ptr("x")}
	out := as[*hook](t, share.Share(old, next))
	require.NotSame(t, old, out)
	require.Same(t, old.Name, out.Name)
	require.Equal(t, 1, out.Do())
}

func as[T any](t *testing.T, v any) T {
	t.Helper()
	require.IsType(t, *new(T), v)
	out, _ := v.(T)
	return out
}
