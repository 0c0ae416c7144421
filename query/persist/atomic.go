package persist

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// defaultMaxSize is the default of File.MaxSize and Dir.MaxSize.
const defaultMaxSize = 64 << 20

// readFile returns what the file at path holds, unless that is more than limit.
func readFile(ctx context.Context, path string, limit int64) ([]byte, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrAbsent
	}
	if err != nil {
		return nil, fmt.Errorf("persist: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	content, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("persist: %w", err)
	}
	if int64(len(content)) > limit {
		return nil, ErrTooLarge
	}
	return content, nil
}

// writeFile replaces the file at path, so that whoever reads it, even after a
// crash, finds the old content or the new. Only the user can read it.
func writeFile(ctx context.Context, path string, content []byte, limit int64) error {
	if int64(len(content)) > limit {
		return ErrTooLarge
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("persist: %w", err)
	}
	f, err := os.CreateTemp(dir, temporary) // has mode 0600
	if err != nil {
		return fmt.Errorf("persist: %w", err)
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = context.Cause(ctx)
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // the first error says more
		return fmt.Errorf("persist: %w", err)
	}
	syncDir(dir)
	return nil
}

// temporary is the pattern of names of files that are being written.
const temporary = ".freshet-*.tmp"

// syncDir lets a rename survive a crash of the machine. Where folders cannot be
// synced, as on Windows, the file system sees to it.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync() // the content is safe, and an old file is a sound one
		_ = d.Close()
	}
}

func removeFile(ctx context.Context, path string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("persist: %w", err)
	}
	return nil
}

func limitOr(limit int64) int64 {
	if limit <= 0 {
		return defaultMaxSize
	}
	return limit
}
