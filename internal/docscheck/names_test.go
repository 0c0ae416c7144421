package docscheck_test

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/internal/docscheck"
)

// tree is a module with what there is to find, and with what must not be found.
func tree() fstest.MapFS {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	return fstest.MapFS{
		"query/river.go": file(`package query

const Wet, dry = 1, 2

var ErrDry error

func Swim[T any](r River[T]) {}

type River[T any] struct {
	Depth, Width int
	Bed          *Bed[T, T]
	io.Reader
	fish int
}

func (r *River[T]) Flow() {}
func (r River[T]) ebb()  {}

type Bed[A, B any] struct{}

func (Bed[A, B]) Dig() {}

type Boat interface{ Float() }
`),
		"query/river_test.go":    file("package query_test\n\nfunc Tested() {}\n"),
		"query/sub/key.go":       file("package riverkey\n\nfunc Of() Key { return 0 }\n\ntype Key int\n"),
		"query/internal/x.go":    file("package internal\n\nfunc Hidden() {}\n"),
		"examples/river/main.go": file("package main\n\nfunc Example() {}\n"),
		"testdata/t.go":          file("package testdata\n\nfunc Data() {}\n"),
		".git/x.go":              file("not Go at all"),
		"README.md":              file("not Go either"),
	}
}

func load(t *testing.T) *docscheck.API {
	t.Helper()
	api, err := docscheck.Load(tree())
	require.NoError(t, err)
	return api
}

func TestAPI_knowsWhatIsDeclared(t *testing.T) {
	t.Parallel()
	cases := []struct {
		text string
		want []string
	}{
		{"`query.Swim`", []string{"query.Swim"}},
		{"`Swim`, `Wet` and `ErrDry`", []string{"Swim", "Wet", "ErrDry"}},
		{"`River.Depth`, `River.Width`, `River.Bed`, `River.Reader`", []string{"River.Depth", "River.Width", "River.Bed", "River.Reader"}},
		{"`River.Flow` `Bed.Dig` `Boat.Float`", []string{"River.Flow", "Bed.Dig", "Boat.Float"}},
		{"`riverkey.Of(1)` and `riverkey.Key`", []string{"riverkey.Of", "riverkey.Key"}},
		{"`Flow` is of some type", []string{"Flow"}},
		{"`query.River[A, B]{…}.Flow()`", []string{"query.River.Flow"}},
		{"`Swim(River{Depth: 1}, func(x Bed[int]) int)`", []string{"Depth", "River", "Bed", "Swim"}},
		{"`Depth/Broadth`", []string{"Depth"}},
	}
	for _, c := range cases {
		t.Run(c.text, func(t *testing.T) {
			t.Parallel()
			known, unknown := load(t).Names(c.text)
			require.Equal(t, c.want, known)
			require.Empty(t, unknown)
		})
	}
}

func TestAPI_saysWhichNamesAreUnknown(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		"`query.Drown`":        "query.Drown: no declaration of Drown",
		"`Drown`":              "Drown: no declaration of Drown",
		"`Lake.Flow`":          "Lake.Flow: no declaration of Lake",
		"`River.Drown`":        "River.Drown: River has no Drown",
		"`River.Dig`":          "River.Dig: River has no Dig",
		"`query.River.fish`":   "query.River.fish: River has no fish",
		"`query.dry`":          "query.dry: no declaration of dry",
		"`riverkey.Swim`":      "riverkey.Swim: no declaration of Swim",
		"`lake.Swim`":          "lake.Swim: no package lake",
		"`r.Flow`":             "r.Flow: no package r",
		"`River.Bed.Dig`":      "River.Bed.Dig: write it as a type and its member",
		"`Swim(Lake{})`":       "Lake: no declaration of Lake",
		"`query.River[Lake]`":  "Lake: no declaration of Lake",
		"`[]Lake`":             "Lake: no declaration of Lake",
		"`Tested`":             "Tested: no declaration of Tested",
		"`internal.Hidden`":    "internal.Hidden: no package internal",
		"`testdata.Data`":      "testdata.Data: no package testdata",
		"`main.Example`":       "main.Example: no package main",
		"in words, and `Lake`": "Lake: no declaration of Lake",
	}
	for text, want := range cases {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			_, unknown := load(t).Names(text)
			require.Equal(t, []string{want}, unknown)
		})
	}
}

func TestAPI_leavesOtherWordsAlone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"Lake in words",
		"`staleTime`, `false` and `undefined`",
		"`map[string]any{\"status\": s}`",
		"`func(ctx) (T, error)`",
		"`context.Context`, `errors.Is`, `time.Second`",
		"`query`",
		"`...`, `]` and `(`",
		"an empty `` span",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			known, unknown := load(t).Names(text)
			require.Empty(t, known)
			require.Empty(t, unknown)
		})
	}
}

func TestLoad_refusesATreeWithoutPackages(t *testing.T) {
	t.Parallel()
	_, err := docscheck.Load(fstest.MapFS{"internal/x.go": {Data: []byte("package x")}})
	require.ErrorIs(t, err, docscheck.ErrNoPackages)
}

func TestLoad_refusesAFileThatDoesNotParse(t *testing.T) {
	t.Parallel()
	_, err := docscheck.Load(fstest.MapFS{"query/x.go": {Data: []byte("package")}})
	require.ErrorContains(t, err, "query/x.go")
}
