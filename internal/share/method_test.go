package share_test

import (
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/internal/share"
)

func TestShare_timesAreComparedAsInstants(t *testing.T) {
	t.Parallel()
	utc := time.Unix(1_700_000_000, 0).UTC()
	elsewhere := utc.In(time.FixedZone("", 3600))

	require.Equal(t, utc, share.Share(utc, elsewhere))
	require.Equal(t, utc, *as[*time.Time](t, share.Share(&utc, &elsewhere)))

	old, next := []time.Time{utc, utc}, []time.Time{elsewhere, elsewhere.Add(1)}
	require.Equal(t, []time.Time{utc, elsewhere.Add(1)}, share.Share(old, next))
	require.Equal(t,
		map[string]time.Time{"a": utc, "b": elsewhere.Add(1)},
		share.Share(map[string]time.Time{"a": utc, "b": utc}, map[string]time.Time{"a": elsewhere, "b": elsewhere.Add(1)}))
}

// money is equal by value, however it is written.
type money struct {
	Text  string
	cents int
}

func (m money) Equal(o money) bool { return m.cents == o.cents }

// document is equal by revision.
type document struct {
	Revision int
	Body     []string
}

func (d *document) Equal(o *document) bool { return d.Revision == o.Revision }

// embeds has money's method Equal, which does not compare all of it.
type embeds struct {
	money
	Note string
}

// capricious has a method named Equal that is of another kind.
type capricious struct{ N int }

func (capricious) Equal(any) bool { return true }

func TestShare_equalMethodDecides(t *testing.T) {
	t.Parallel()
	revised := &document{2, []string{"x"}}
	for name, test := range map[string]struct{ old, next, want any }{
		"value equal":       {money{"1.0", 100}, money{"1.00", 100}, money{"1.0", 100}},
		"value differs":     {money{"1.0", 100}, money{"1.0", 101}, money{"1.0", 101}},
		"pointer to value":  {&money{"1.0", 100}, &money{"1.00", 100}, &money{"1.0", 100}},
		"pointer equal":     {&document{1, []string{"a"}}, &document{1, []string{"b"}}, &document{1, []string{"a"}}},
		"pointer differs":   {&document{1, nil}, revised, revised},
		"pointer to nil":    {&document{1, nil}, (*document)(nil), (*document)(nil)},
		"pointer after nil": {(*document)(nil), revised, revised},
		"slice equal":       {net.IP{127, 0, 0, 1}, net.ParseIP("127.0.0.1"), net.IP{127, 0, 0, 1}},
		"nil slice":         {net.IP{}, net.IP(nil), net.IP(nil)},
		"promoted":          {embeds{money{"1", 100}, "a"}, embeds{money{"1", 100}, "b"}, embeds{money{"1", 100}, "b"}},
		"other signature":   {capricious{1}, capricious{2}, capricious{2}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, share.Share(test.old, test.next))
		})
	}
	require.Same(t, revised, share.Share(&document{1, []string{"x"}}, revised), "taken whole, not merged")
}

type broken struct{ n int }

func (broken) Equal(broken) bool { panic("broken") }

func TestShare_panicOfEqualReachesTheCaller(t *testing.T) {
	t.Parallel()
	require.PanicsWithValue(t, "broken", func() { share.Share([]broken{{1}}, []broken{{2}}) })
	require.NotPanics(t, func() { share.Share([]broken{{1}}, []broken{{1}}) }, "what is the same is not asked")
}
