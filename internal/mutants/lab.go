package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

var errNoBuild = errors.New("it does not compile")

// lab is where mutants are tried.
type lab struct {
	root    string // of the module
	scratch string // a directory that is thrown away
	short   bool

	mu  sync.Mutex // guards out
	out io.Writer
}

func (l *lab) dir(pkg string) string { return filepath.Join(l.root, filepath.FromSlash(pkg)) }

// tryAll tries mutants and prints which test caught each.
func (l *lab) tryAll(ctx context.Context, table []mutant) error {
	all := len(table)
	caught := 0
	for len(table) > 0 {
		pkg := table[0].pkg
		var trials []*trial
		for _, m := range table {
			if m.pkg == pkg {
				trials = append(trials, &trial{mutant: m})
			}
		}
		table = slices.DeleteFunc(slices.Clone(table), func(m mutant) bool { return m.pkg == pkg })
		if err := l.tryPackage(ctx, pkg, trials); err != nil {
			return fmt.Errorf("%s: %w", pkg, err)
		}
		caught += len(sound(trials))
	}
	if caught < all {
		return fmt.Errorf("%d of %d broken behaviours are not caught", all-caught, all)
	}
	_, err := fmt.Fprintf(l.out, "%d behaviours were broken one by one, each was caught\n", all)
	return err
}

// report prints what became of a mutant.
func (l *lab) report(t *trial) error {
	result := t.test
	if t.err != nil {
		result = "NOT CAUGHT: " + t.err.Error()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err := fmt.Fprintf(l.out, "%-75s %s\n", t.behaviour, result)
	return err
}

// sources reads the code of a package, without its tests.
func (l *lab) sources(pkg string) (map[string]string, error) {
	files, err := filepath.Glob(filepath.Join(l.dir(pkg), "*.go"))
	if err != nil {
		return nil, err
	}
	sources := map[string]string{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		sources[file] = string(text)
	}
	return sources, nil
}

// build compiles the tests of a package with all its mutants. Should that fail it
// finds those that do not compile, and leaves them out.
func (l *lab) build(ctx context.Context, pkg string, sources map[string]string, trials []*trial) (binary string, err error) {
	binary = filepath.Join(l.scratch, "package.test")
	for range 2 {
		err = l.compile(ctx, pkg, sources, sound(trials), "test", "-c", "-vet=off", "-o", binary)
		if err == nil {
			return binary, nil
		}
		for _, t := range sound(trials) {
			t.err = l.compile(ctx, pkg, sources, []*trial{t}, "build")
		}
	}
	return "", err
}

// compile runs the go command with mutants in place.
func (l *lab) compile(ctx context.Context, pkg string, sources map[string]string, trials []*trial, args ...string) error {
	var insertions []insertion
	for _, t := range trials {
		insertions = append(insertions, t.insertion)
	}
	overlay, err := l.overlay(pkg, sources, insertions)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", append(args, "-overlay", overlay, pkg)...)
	cmd.Dir = l.root
	cmd.Env = append(os.Environ(), "GOWORK=off")
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %w\n%s", errNoBuild, err, head(string(output), 12))
	}
	return nil
}

// overlay writes files that stand in for some of a package.
func (l *lab) overlay(pkg string, sources map[string]string, insertions []insertion) (string, error) {
	standIns := insert(sources, insertions)
	for file, source := range sources {
		tree, err := parser.ParseFile(token.NewFileSet(), "", source, parser.PackageClauseOnly)
		if err != nil {
			return "", fmt.Errorf("%s: %w", file, err)
		}
		standIns[filepath.Join(l.dir(pkg), "mutant_in_force.go")] = switchboard(tree.Name.Name)
		break // they are all of one package
	}
	replace := map[string]string{}
	for file, source := range standIns {
		replace[file] = filepath.Join(l.scratch, filepath.Base(file))
		if err := os.WriteFile(replace[file], []byte(source), 0o600); err != nil {
			return "", err
		}
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(l.scratch, "overlay.json")
	return overlay, os.WriteFile(overlay, text, 0o600)
}
