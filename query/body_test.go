package query_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

type parcel struct {
	ID    int      `json:"id"`
	State string   `json:"state"`
	Tags  []string `json:"tags,omitempty"`
}

type parcelPage struct {
	Parcels []*parcel `json:"parcels"`
	Total   int       `json:"total"`
}

func TestBody_decodesOnlyElementsThatChanged(t *testing.T) {
	t.Parallel()
	b := query.Body[[]*parcel]{}
	first, err := b.Next(nil, []byte(`[{"id":1,"state":"new"},{"id":2,"state":"new"},{"id":3,"state":"new"}]`))
	require.NoError(t, err)
	again, err := b.Next(first, []byte(`[{"id":1,"state":"new"},{"id":2,"state":"new"},{"id":3,"state":"new"}]`))
	require.NoError(t, err)
	require.Same(t, first, again)

	second, err := b.Next(first, []byte(`[{"id":4,"state":"new"},{"id":1,"state":"new"},{"id":2,"state":"sent"},{"id":3,"state":"new"}]`))
	require.NoError(t, err)
	require.Equal(t, []*parcel{{ID: 4, State: "new"}, {ID: 1, State: "new"}, {ID: 2, State: "sent"}, {ID: 3, State: "new"}}, second.Data())
	require.Same(t, first.Data()[0], second.Data()[1])
	require.NotSame(t, first.Data()[1], second.Data()[2])
	require.Same(t, first.Data()[2], second.Data()[3])
	require.Equal(t, "new", first.Data()[1].State, "what was decoded before stays as it is")

	third, err := b.Next(second, []byte(`[{"id":3,"state":"new"}]`))
	require.NoError(t, err)
	require.Same(t, first.Data()[2], third.Data()[0], "an element outlives several answers")
}

func TestBody_decodesOnlyElementsOfAMemberThatChanged(t *testing.T) {
	t.Parallel()
	b := query.Body[*parcelPage]{Member: "parcels"}
	first, err := b.Next(nil, []byte(`{"total":2,"parcels":[{"id":1},{"id":2}]}`))
	require.NoError(t, err)
	second, err := b.Next(first, []byte(`{"total":3,"parcels":[{"id":1},{"id":5}]}`))
	require.NoError(t, err)
	require.Equal(t, &parcelPage{[]*parcel{{ID: 1}, {ID: 5}}, 3}, second.Data())
	require.Same(t, first.Data().Parcels[0], second.Data().Parcels[0])
}

func TestBody_identicalTakesNoMemory(t *testing.T) {
	text := []byte(`[{"id":1},{"id":2}]`)
	for _, b := range []query.Body[[]parcel]{{}, {Digest: true}} {
		first, err := b.Next(nil, text)
		require.NoError(t, err)
		same := bytes.Clone(text)
		require.Zero(t, testing.AllocsPerRun(100, func() {
			if next, err := b.Next(first, same); err != nil || next != first {
				panic("not the same")
			}
		}))
	}
}

func TestBody_digestKeepsNoElements(t *testing.T) {
	t.Parallel()
	b := query.Body[[]*parcel]{Digest: true}
	first, err := b.Next(nil, []byte(`[{"id":1},{"id":2}]`))
	require.NoError(t, err)
	second, err := b.Next(first, []byte(`[{"id":1},{"id":3}]`))
	require.NoError(t, err)
	require.Equal(t, 3, second.Data()[1].ID)
	require.NotSame(t, first.Data()[0], second.Data()[0])
	plain, err := query.Body[[]*parcel]{}.Next(second, []byte(`[{"id":1},{"id":3}]`))
	require.NoError(t, err)
	require.NotSame(t, second, plain, "there were no bytes to compare with")
	_, err = b.Next(second, []byte(`[`))
	require.Error(t, err)
}

func TestBody_failsAsDecodingDoes(t *testing.T) {
	t.Parallel()
	b := query.Body[[]parcel]{}
	first, err := b.Next(nil, []byte(`[{"id":1},{"id":2}]`))
	require.NoError(t, err)
	for _, text := range []string{``, `[{"id":1},{"id":]`, `[{"id":1},{"id":"x"}]`, `[{"id":1}]]`, `{"id":1}`} {
		_, err := b.Next(first, []byte(text))
		require.ErrorContains(t, err, "query: decode body: ", text)
		want := json.Unmarshal([]byte(text), new([]parcel))
		require.Equal(t, want, errors.Unwrap(err), text)
	}
}

func TestBody_decodesByAFunctionAsAWhole(t *testing.T) {
	t.Parallel()
	calls := 0
	b := query.Body[[]string]{Decode: func(text []byte) ([]string, error) {
		calls++
		if len(text) == 0 {
			return []string{"a part"}, errRefused
		}
		return strings.Fields(string(text)), nil
	}}
	first, err := b.Next(nil, []byte("a b"))
	require.NoError(t, err)
	_, err = b.Next(first, []byte("a b"))
	require.NoError(t, err)
	require.Equal(t, 1, calls)
	second, err := b.Next(first, []byte("a c"))
	require.NoError(t, err)
	require.Equal(t, []string{"a", "c"}, second.Data())
	_, err = b.Next(second, nil)
	require.ErrorIs(t, err, errRefused)
}

func TestBody_isAFetchFunction(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		text, reading := `[{"id":1}]`, error(nil)
		b := query.Body[[]*parcel]{Read: func(context.Context) ([]byte, error) { return []byte(text), reading }}
		q := query.Query[[]*parcel]{Key: key("parcels"), Fetch: b.Fetch}
		first, err := query.Fetch(t.Context(), c, q)
		require.NoError(t, err)
		pass(time.Second)
		again, err := query.Fetch(t.Context(), c, q)
		require.NoError(t, err)
		require.Same(t, &first[0], &again[0])
		text = `[{"id":1},{"id":2}]`
		second, err := query.Fetch(t.Context(), c, q)
		require.NoError(t, err)
		require.Same(t, first[0], second[0])
		require.Len(t, second, 2)
		reading = errRefused
		_, err = query.Fetch(t.Context(), c, q)
		require.ErrorIs(t, err, errRefused)
		text, reading = `[`, nil
		_, err = query.Fetch(t.Context(), c, q)
		require.ErrorContains(t, err, "decode body")
		_, err = query.Body[int]{}.Fetch(t.Context())
		require.ErrorIs(t, err, query.ErrNilCallback)
	})
}

// Types whose elements cannot, or must not, be told apart.
type (
	backwards  []int
	unexported struct{ parcels []parcel } //nolint:unused // it is for reflection
	embedded   struct{ parcelPage }
	itself     struct{ Parcels []parcel }
)

func (b *backwards) UnmarshalJSON(text []byte) error {
	var list []int
	err := json.Unmarshal(text, &list)
	for _, v := range list {
		*b = append(backwards{v}, *b...)
	}
	return err
}

func (s *itself) UnmarshalJSON(text []byte) error {
	s.Parcels = make([]parcel, bytes.Count(text, []byte("{")))
	return nil
}

func TestBody_givesWhatDecodingGives(t *testing.T) {
	t.Parallel()
	lists := []string{
		`[1,2,3]`, `[1,2]`, `[3,2,1]`, `[1,null,3]`, `[]`, `null`, `[1,2,3,4,5]`, `["a","b"]`, `["a","c"]`, `[{"id":1},{"id":2}]`,
		`[{"id":1},{"ID":3,"tags":[]}]`, `[null,{"id":1}]`, `"AQI="`, `{}`, `[[1],[2]]`, ` [1, 2 ,3] `, `[1,2,3`, `[true]`,
	}
	comparing[[]int](t, "", lists)
	comparing[[]*int](t, "", lists)
	comparing[[]any](t, "", lists)
	comparing[any](t, "", lists)
	comparing[[]byte](t, "", lists)
	comparing[[3]int](t, "", lists)
	comparing[[]parcel](t, "", lists)
	comparing[[]*parcel](t, "", lists)
	comparing[[]json.RawMessage](t, "", lists)
	comparing[[]backwards](t, "", lists)
	comparing[backwards](t, "", lists)
	comparing[[]fmt.Stringer](t, "", lists)
	pages := []string{
		`{"parcels":[{"id":1},{"id":2}],"total":2}`, `{"total":2,"parcels":[{"id":1},{"id":3}]}`, `{"Parcels":[{"id":1}]}`, `{"parcels":null}`,
		`{"parcels":[{"id":1}],"PARCELS":[{"state":"x"}]}`, `{"parcels":[{"id":1}],"parcels":[{"state":"x"}]}`, `null`, `{}`, `[]`, `{"parcels":7}`,
		`{"parcels":[],"total":"x"}`, `{"parcels":[{"id":"x"}],"total":"x"}`, `{"parcel\u0073":[{"id":9}],"parcels":[{"state":"x"}]}`,
	}
	comparing[parcelPage](t, "parcels", pages)
	comparing[*parcelPage](t, "parcels", pages)
	comparing[embedded](t, "parcels", pages)
	comparing[unexported](t, "parcels", pages)
	comparing[itself](t, "Parcels", pages)
	comparing[map[string]any](t, "parcels", pages)
	comparing[int](t, "parcels", pages)
	comparing[parcelPage](t, "total", pages)
	comparing[parcelPage](t, "\xff\"", pages)
}

// comparing decodes each text after each other one, and plainly.
func comparing[T any](t *testing.T, member string, texts []string) {
	t.Helper()
	for _, before := range texts {
		for _, text := range texts {
			sameAsPlain[T](t, member, []byte(before), []byte(text))
		}
	}
}

func sameAsPlain[T any](t *testing.T, member string, before, text []byte) {
	t.Helper()
	b := query.Body[T]{Member: member}
	prev, err := b.Next(nil, before)
	if err != nil {
		prev = nil
	}
	var was, want T
	if prev != nil {
		require.NoError(t, json.Unmarshal(before, &was))
	}
	wrong := json.Unmarshal(text, &want)
	got, err := b.Next(prev, text)
	if wrong != nil {
		require.Equal(t, wrong, errors.Unwrap(err), "%T %s %s", want, before, text)
		return
	}
	require.NoError(t, err, "%T %s %s", want, before, text)
	require.Equal(t, want, got.Data(), "%T %s %s", want, before, text)
	if prev != nil {
		require.Equal(t, was, prev.Data(), "%T %s %s", want, before, text)
	}
}

func FuzzBody(f *testing.F) {
	for _, s := range [][2]string{
		{`[{"id":1},{"id":2}]`, `[{"id":1},{"id":3}]`},
		{`[1,2,3]`, `[1,22,3]`},
		{`{"parcels":[{"id":1}],"total":1}`, `{"parcels":[{"id":1},{"id":2}],"total":2}`},
		{`{"parcels":[]}`, `{"Parcels":[{}],"parcels":[{}]}`},
		{`["\"","\\"]`, `["\\","\""] `},
	} {
		f.Add([]byte(s[0]), []byte(s[1]))
	}
	f.Fuzz(func(t *testing.T, before, text []byte) {
		sameAsPlain[[]any](t, "", before, text)
		sameAsPlain[[]*parcel](t, "", before, text)
		sameAsPlain[[]json.RawMessage](t, "", before, text)
		sameAsPlain[parcelPage](t, "parcels", before, text)
	})
}
