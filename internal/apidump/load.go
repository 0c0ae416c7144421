package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// publicPackage is one package that users can import.
type publicPackage struct {
	name  string // directory relative to the module root, "query/trpc"
	dir   string
	types *types.Package
}

// listed is what the go command says about a package.
type listed struct {
	ImportPath, Name, Dir, Export string
	DepOnly                       bool
	Module                        *struct{ Path string }
}

// load type-checks the public packages of the module around dir. It lets the
// compiler do the work and reads its export data, which hold exactly what an
// importer can see.
func load(dir string) ([]publicPackage, error) {
	packages, err := list(dir)
	if err != nil {
		return nil, err
	}
	imports := importer.ForCompiler(token.NewFileSet(), "gc", exportData(packages))
	var public []publicPackage
	for _, pkg := range packages {
		if pkg.DepOnly || pkg.Name == "main" || internal(pkg.ImportPath) {
			continue
		}
		checked, err := imports.Import(pkg.ImportPath)
		if err != nil {
			return nil, fmt.Errorf("apidump: %w", err)
		}
		name := strings.TrimPrefix(pkg.ImportPath, pkg.Module.Path+"/")
		public = append(public, publicPackage{name: name, dir: pkg.Dir, types: checked})
	}
	slices.SortFunc(public, func(a, b publicPackage) int { return strings.Compare(a.name, b.name) })
	return public, nil
}

func internal(importPath string) bool {
	return slices.Contains(strings.Split(importPath, "/"), "internal")
}

// list compiles for one fixed platform, so that the golden files are the same
// wherever they are written, and without the workspace, as importers do.
func list(dir string) ([]listed, error) {
	cmd := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Name,Dir,Export,DepOnly,Module", "./...")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOOS=linux", "GOARCH=amd64")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("apidump: go list: %w\n%s", err, stderr.Bytes())
	}
	var packages []listed
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var pkg listed
		err := decoder.Decode(&pkg)
		if errors.Is(err, io.EOF) {
			return packages, nil
		}
		if err != nil {
			return nil, fmt.Errorf("apidump: go list: %w", err)
		}
		packages = append(packages, pkg)
	}
}

func exportData(packages []listed) importer.Lookup {
	files := map[string]string{}
	for _, pkg := range packages {
		files[pkg.ImportPath] = pkg.Export
	}
	return func(importPath string) (io.ReadCloser, error) {
		name, ok := files[importPath]
		if !ok || name == "" {
			return nil, fmt.Errorf("no export data for %s", importPath)
		}
		return os.Open(name)
	}
}
