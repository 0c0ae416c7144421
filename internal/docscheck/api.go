package docscheck

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strings"
)

// ErrNoPackages means that a tree holds no public package, so that every name
// would be unknown and every document wrong.
var ErrNoPackages = errors.New("docscheck: no public packages")

// API is what the public packages of a module declare, by package name. It does
// not change after Load and may be shared.
type API struct {
	packages map[string]*declared
}

// declared are the exported names of one package and those inside its types.
type declared struct {
	names   map[string]bool
	members map[string]map[string]bool // fields and methods by type
}

// Load reads the packages below the root of fsys that users can import: none
// that is internal, a program, an example, or kept for tests alone. Two packages
// of one name count as one. It fails on the first file that does not parse, and
// with ErrNoPackages if there is nothing to find names in.
func Load(fsys fs.FS) (*API, error) {
	a := &API{packages: map[string]*declared{}}
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && hidden(name):
			return fs.SkipDir
		case entry.IsDir() || path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		return a.read(fsys, name)
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("docscheck: load: %w", err)
	case len(a.packages) == 0:
		return nil, ErrNoPackages
	}
	return a, nil
}

func hidden(dir string) bool {
	switch base := path.Base(dir); base {
	case "internal", "examples", "testdata", "vendor", "node_modules":
		return true
	default:
		return dir != "." && strings.HasPrefix(base, ".")
	}
}

func (a *API) read(fsys fs.FS, name string) error {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return err
	}
	file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
	if err != nil || file.Name.Name == "main" {
		return err
	}
	d := a.packages[file.Name.Name]
	if d == nil {
		d = &declared{names: map[string]bool{}, members: map[string]map[string]bool{}}
		a.packages[file.Name.Name] = d
	}
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			d.function(decl)
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				d.declaration(spec)
			}
		}
	}
	return nil
}

func (d *declared) function(f *ast.FuncDecl) {
	if f.Recv == nil {
		d.name(f.Name)
		return
	}
	d.member(baseType(f.Recv.List[0].Type), f.Name)
}

func (d *declared) declaration(spec ast.Spec) {
	switch spec := spec.(type) {
	case *ast.ValueSpec:
		for _, id := range spec.Names {
			d.name(id)
		}
	case *ast.TypeSpec:
		d.name(spec.Name)
		switch t := spec.Type.(type) {
		case *ast.StructType:
			d.fields(spec.Name.Name, t.Fields)
		case *ast.InterfaceType:
			d.fields(spec.Name.Name, t.Methods)
		}
	}
}

func (d *declared) fields(of string, list *ast.FieldList) {
	for _, field := range list.List {
		for _, id := range field.Names {
			d.member(of, id)
		}
		if len(field.Names) == 0 {
			d.member(of, ast.NewIdent(baseType(field.Type)))
		}
	}
}

func (d *declared) name(id *ast.Ident) {
	if id.IsExported() {
		d.names[id.Name] = true
	}
}

func (d *declared) member(of string, id *ast.Ident) {
	if !id.IsExported() {
		return
	}
	if d.members[of] == nil {
		d.members[of] = map[string]bool{}
	}
	d.members[of][id.Name] = true
}

// baseType is the name of a receiver's or an embedded field's type.
func baseType(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.StarExpr:
		return baseType(x.X)
	case *ast.IndexExpr:
		return baseType(x.X)
	case *ast.IndexListExpr:
		return baseType(x.X)
	case *ast.SelectorExpr:
		return x.Sel.Name
	}
	return ""
}
