package archtest

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// ErrNoModule reports that the root of a tree has no go.mod file with a module
// line, so that its own packages cannot be told from foreign ones.
var ErrNoModule = errors.New("archtest: no module line in go.mod")

// Tree is the Go source below one directory, nested modules included. Its
// packages are named by their directory relative to the root, such as
// "query/trpc", whichever module they belong to.
type Tree struct {
	Module string // path of the root module
	Files  []File // in lexical order of Path
}

// File is one Go source file, reduced to what the rules look at. Path is
// relative to the root of the tree and uses slashes on every platform.
type File struct {
	Path     string
	Package  string // name in the package clause
	Imports  []Import
	Exported []string // package-level identifiers, methods excluded
	Lines    int
}

// Import is one imported package. For a package of the tree itself, Own is set
// and Path is relative to the root; otherwise Path is the import path.
type Import struct {
	Path string
	Own  bool
}

// Dir returns the directory of the file relative to the root of the tree,
// which is also how the rules name its package.
func (f File) Dir() string { return path.Dir(f.Path) }

// Test reports whether only `go test` compiles the file. The suffix decides,
// as it does for the go command: issue_test_1.25.go is not a test file.
func (f File) Test() bool { return strings.HasSuffix(f.Path, "_test.go") }

// Load parses every Go file below the root of fsys except those the go command
// ignores: testdata, vendor, node_modules, and names that begin with a dot or
// an underscore. It fails on the first file that does not parse.
func Load(fsys fs.FS) (*Tree, error) {
	module, err := modulePath(fsys)
	if err != nil {
		return nil, err
	}
	tree := &Tree{Module: module}
	err = fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		switch {
		case entry.IsDir() && name != "." && ignoredDir(entry.Name()):
			return fs.SkipDir
		case entry.IsDir() || ignoredFile(entry.Name()):
			return nil
		}
		file, err := tree.parse(fsys, name)
		if err != nil {
			return err
		}
		tree.Files = append(tree.Files, file)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("archtest: load: %w", err)
	}
	return tree, nil
}

func ignoredDir(name string) bool {
	switch name {
	case "testdata", "vendor", "node_modules":
		return true
	}
	return hidden(name)
}

func ignoredFile(name string) bool {
	return path.Ext(name) != ".go" || hidden(name)
}

func hidden(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")
}

func modulePath(fsys fs.FS) (string, error) {
	text, err := fs.ReadFile(fsys, "go.mod")
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrNoModule, err)
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) == 2 && fields[0] == "module" {
			return fields[1], nil
		}
	}
	return "", ErrNoModule
}

func (t *Tree) parse(fsys fs.FS, name string) (File, error) {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return File{}, err
	}
	syntax, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
	if err != nil {
		return File{}, err
	}
	file := File{
		Path:     name,
		Package:  syntax.Name.Name,
		Exported: exported(syntax),
		Lines:    bytes.Count(text, []byte("\n")),
	}
	for _, spec := range syntax.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return File{}, fmt.Errorf("%s: import %s: %w", name, spec.Path.Value, err)
		}
		file.Imports = append(file.Imports, t.resolve(imported))
	}
	return file, nil
}

func (t *Tree) resolve(imported string) Import {
	if imported == t.Module {
		return Import{Path: ".", Own: true}
	}
	if dir, ok := strings.CutPrefix(imported, t.Module+"/"); ok {
		return Import{Path: dir, Own: true}
	}
	return Import{Path: imported}
}

// exported lists the exported identifiers that file declares at package level.
func exported(file *ast.File) []string {
	var names []string
	add := func(ids ...*ast.Ident) {
		for _, id := range ids {
			if id.IsExported() {
				names = append(names, id.Name)
			}
		}
	}
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			if decl.Recv == nil {
				add(decl.Name)
			}
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					add(spec.Name)
				case *ast.ValueSpec:
					add(spec.Names...)
				}
			}
		}
	}
	return names
}
