package conformance

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// Scenario is one recorded program with the trace that query-core showed for
// it. It is read-only once parsed and may be played any number of times, each
// time in a bubble of its own.
type Scenario struct {
	Name   string // category/name
	Expect []any  // the records of the trace

	client object
	vars   object
	fns    map[string]function
	steps  []object
	pins   []object
}

// Category returns the first part of the name.
func (s *Scenario) Category() string {
	category, _, _ := strings.Cut(s.Name, "/")
	return category
}

// Parse reads a scenario. Whatever the format does not know is an error that
// names the step: an unknown member, step, option or operator, a value of the
// wrong kind, a missing member, a name given twice.
func Parse(text []byte) (*Scenario, error) {
	v, err := decode(text)
	if err != nil {
		return nil, fmt.Errorf("conformance: %w", err)
	}
	s, err := build(v)
	if err != nil {
		return nil, fmt.Errorf("conformance: %w", err)
	}
	return s, nil
}

func build(v any) (*Scenario, error) {
	root, ok := v.(object)
	if !ok {
		return nil, errors.New("a scenario is an object")
	}
	if err := validate(root); err != nil {
		return nil, err
	}
	s := &Scenario{fns: map[string]function{}}
	s.Name, _ = root["name"].(string)
	s.Expect, _ = root["expect"].(list)
	s.client, _ = root["client"].(object)
	s.vars, _ = root["vars"].(object)
	s.steps = objects(root["steps"])
	s.pins = objects(root["pins"])
	fns, _ := root["fns"].(object)
	for name, def := range fns {
		s.fns[name] = newFunction(as[object](def))
	}
	return s, nil
}

// objects returns the elements of a list that validate has found to be objects.
func objects(v any) []object {
	items, _ := v.(list)
	out := make([]object, len(items))
	for i, item := range items {
		out[i] = as[object](item)
	}
	return out
}

// File is a scenario file, or what is wrong with it.
type File struct {
	Path     string
	Scenario *Scenario
	Err      error
}

// Load reads all scenario files below dir. A file that cannot be understood is
// listed with its error, and so is the second of two with the same name.
func Load(fsys fs.FS, dir string) ([]File, error) {
	var files []File
	seen := map[string]bool{}
	err := fs.WalkDir(fsys, dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".json" {
			return err
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		f := File{Path: name}
		f.Scenario, f.Err = Parse(text)
		if f.Err == nil && seen[f.Scenario.Name] {
			f.Err = fmt.Errorf("conformance: two scenarios have the name %s", f.Scenario.Name)
		}
		if f.Err != nil {
			f.Scenario, f.Err = nil, fmt.Errorf("%s: %w", name, f.Err)
		} else {
			seen[f.Scenario.Name] = true
		}
		files = append(files, f)
		return nil
	})
	return files, err
}
