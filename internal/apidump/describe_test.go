package main

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"testing"

	"github.com/stretchr/testify/require"
)

const source = `package pond

import "io"

const (
	Depth         = 3
	Warm Temperature = "warm"
	hidden        = 4
)

var ErrDry, errWet error

func Drain[T any](p Pond[T], w io.Writer, rest ...int) (n int, err error) { return 0, nil }

func fill() {}

type Temperature string

func (t Temperature) String() string { return string(t) }

type Pond[T any] struct {
	Name string ` + "`json:\"name\"`" + `
	Fish []T
	fish int
	io.Reader
	*bed
}

func (p *Pond[T]) Stock(T) error { return nil }

func (p Pond[T]) Count() int { return 0 }

func (p Pond[T]) count() int { return 0 }

type bed struct{}

func (*bed) Dig() {}

type Point struct{ X, Y int }

type Swimmer interface {
	io.Closer
	Swim(to Point) error
}

type Sealed interface{ sealed() }

type Number interface{ ~int | ~float64 }

type Real interface {
	Number
	comparable
	String() string
}

type Alias = Point

type Visit func(Point) bool
`

const described = `package pond // import "example.com/pond"

const Depth untyped int = 3
const Warm Temperature = "warm"
var ErrDry error
func Drain[T any](p Pond[T], w io.Writer, rest ...int) (n int, err error)

type Alias = Point

type Number interface
	~int | ~float64

type Point struct // comparable
	X int
	Y int

type Pond[T any] struct // with unexported fields
	Name string ` + "`json:\"name\"`" + `
	Fish []T
	io.Reader
	func (*Pond[T]) Stock(T) error
	func (Pond[T]) Count() int
	func (Pond[T]) Dig()
	func (Pond[T]) Read(p []byte) (n int, err error)

type Real interface
	Number
	comparable
	String() string

type Sealed interface // sealed by unexported methods

type Swimmer interface
	Close() error
	Swim(to Point) error

type Temperature string
	func (Temperature) String() string

type Visit func(Point) bool
`

func TestDescribe_listsEverythingAnImporterCanSee(t *testing.T) {
	t.Parallel()
	require.Equal(t, described, describe(check(t, source)))
}

func check(t *testing.T, text string) *types.Package {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "pond.go", text, parser.SkipObjectResolution)
	require.NoError(t, err)
	config := types.Config{Importer: importer.ForCompiler(fset, "source", nil)}
	pkg, err := config.Check("example.com/pond", fset, []*ast.File{file}, nil)
	require.NoError(t, err)
	return pkg
}

func TestLoad_reportsWhatTheCompilerRejects(t *testing.T) {
	t.Parallel()
	_, err := load("testdata/broken")
	require.ErrorContains(t, err, "apidump: go list")
	require.ErrorContains(t, err, "undefined: missing")
}
