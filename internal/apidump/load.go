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
	GoFiles                       []string
	Module                        *struct{ Path string }
}

// load type-checks the public packages of the module around dir. It lets the
// compiler do the work and reads its export data, which hold exactly what an
// importer can see.
func load(dir string) ([]publicPackage, error) {
	paths, err := publicPaths(dir)
	if err != nil {
		return nil, err
	}
	packages, err := list(dir, append([]string{"-export", "-deps"}, paths...)...)
	if err != nil {
		return nil, err
	}
	imports := importer.ForCompiler(token.NewFileSet(), "gc", exportData(packages))
	var public []publicPackage
	for _, pkg := range packages {
		if pkg.DepOnly {
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

// publicPaths lists what users can import, and of that only packages with more
// than tests.
func publicPaths(dir string) ([]string, error) {
	packages, err := list(dir, "./...")
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, pkg := range packages {
		internal := slices.Contains(strings.Split(pkg.ImportPath, "/"), "internal")
		if !internal && pkg.Name != "main" && len(pkg.GoFiles) > 0 {
			paths = append(paths, pkg.ImportPath)
		}
	}
	return paths, nil
}

// list compiles for one fixed platform, so that the golden files are the same
// wherever they are written, and without the workspace, as importers do.
func list(dir string, args ...string) ([]listed, error) {
	fixed := []string{"list", "-json=ImportPath,Name,Dir,Export,DepOnly,GoFiles,Module"}
	cmd := exec.Command("go", append(fixed, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOOS=linux", "GOARCH=amd64")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("apidump: go list: %w\n%s", err, stderr.Bytes())
	}
	return decode(out)
}

func decode(out []byte) ([]listed, error) {
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
