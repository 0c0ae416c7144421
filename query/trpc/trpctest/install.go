package trpctest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// installation returns the node program and the folder of the servers, with
// their packages installed. Without them the test is skipped.
func installation(tb testing.TB) (node, dir string) {
	tb.Helper()
	node, dir, err := locate()
	if err == nil {
		err = install(tb, dir)
	}
	if err == nil {
		return node, dir
	}
	if required() {
		tb.Fatalf("trpctest: FRESHET_REQUIRE_NODE is set: %v", err)
	}
	tb.Skipf("needs a tRPC server: %v", err)
	return "", ""
}

func locate() (node, dir string, err error) {
	node, err = exec.LookPath("node")
	if err != nil {
		return "", "", errors.New("node is not installed")
	}
	at, err := os.Getwd()
	if err != nil {
		return "", "", err
	}
	// Tests run in the folder of their package, somewhere in the repository.
	for {
		dir = filepath.Join(at, "query", "trpc", "testdata", "server")
		if _, err := os.Stat(filepath.Join(dir, "server.mjs")); err == nil {
			return node, dir, nil
		}
		parent := filepath.Dir(at)
		if parent == at {
			return "", "", errors.New("query/trpc/testdata/server is in no parent of the working directory")
		}
		at = parent
	}
}

// install fetches the servers' packages once. It works beside their place and
// moves them there in one step, because tests of several packages may do the
// same at a time.
func install(tb testing.TB, dir string) error {
	tb.Helper()
	modules := filepath.Join(dir, "node_modules")
	if _, err := os.Stat(modules); err == nil {
		return nil
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		return fmt.Errorf("npm is not installed, and %s is missing", modules)
	}
	beside, err := os.MkdirTemp(dir, "install-") //nolint:usetesting // a rename needs one file system
	if err != nil {
		return err
	}
	defer os.RemoveAll(beside) //nolint:errcheck // what is left is ignored by git
	for _, name := range []string{"package.json", "package-lock.json", ".npmrc"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(beside, name), text, 0o600); err != nil {
			return err
		}
	}
	cmd := exec.CommandContext(tb.Context(), npm, "ci", "--ignore-scripts")
	cmd.Dir = beside
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci: %w\n%s", err, out)
	}
	if err := os.Rename(filepath.Join(beside, "node_modules"), modules); err != nil && !errors.Is(err, fs.ErrExist) {
		if _, statErr := os.Stat(modules); statErr != nil {
			return err
		}
	}
	return nil
}
