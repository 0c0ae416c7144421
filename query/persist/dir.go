package persist

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Dir is a Storage in a folder, a file for each entry. Files are replaced as a
// whole, and only the user can read them. Their names are hashes of the keys, so
// that keys may hold anything; each file begins with its key.
type Dir struct {
	// Path of the folder, which is made if needed. It should hold nothing else.
	Path string
	// MaxSize is the limit for the size of a file in bytes, in both directions.
	// Default: 64 MiB.
	MaxSize int64
}

// extension tells the files of a Dir from others.
const extension = ".entry"

func (d Dir) path(key string) string {
	sum := sha256.Sum256([]byte(key))
	return filepath.Join(d.Path, hex.EncodeToString(sum[:])+extension)
}

// Get reads the file of key; see Storage.
func (d Dir) Get(ctx context.Context, key string) ([]byte, error) {
	item, err := d.read(ctx, d.path(key))
	if err == nil && item.Key != key {
		return nil, &recordError{"it belongs to another key", nil}
	}
	return item.Value, err
}

func (d Dir) read(ctx context.Context, path string) (Item, error) {
	content, err := readFile(ctx, path, limitOr(d.MaxSize))
	if err != nil {
		return Item{}, err
	}
	line, value, found := bytes.Cut(content, []byte("\n"))
	key, err := strconv.Unquote(string(line))
	if !found || err != nil {
		return Item{}, &recordError{"it does not begin with a key", nil}
	}
	return Item{key, value}, nil
}

// Set replaces the file of key; see Storage.
func (d Dir) Set(ctx context.Context, key string, value []byte) error {
	content := append(strconv.AppendQuote(nil, key), '\n')
	return writeFile(ctx, d.path(key), append(content, value...), limitOr(d.MaxSize))
}

// Remove deletes the file of key; see Storage.
func (d Dir) Remove(ctx context.Context, key string) error { return removeFile(ctx, d.path(key)) }

// Entries iterates over the files; see Lister. One that is damaged is deleted, for
// nobody can tell its key.
func (d Dir) Entries(ctx context.Context) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		files, err := os.ReadDir(d.Path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			yield(Item{}, fmt.Errorf("persist: %w", err))
			return
		}
		for _, f := range files {
			if !strings.HasSuffix(f.Name(), extension) {
				continue
			}
			path := filepath.Join(d.Path, f.Name())
			item, err := d.read(ctx, path)
			if err == nil && d.path(item.Key) != path {
				err = &recordError{"it has the name of another key", nil}
			}
			if unusable(err) {
				err = errors.Join(err, removeFile(ctx, path))
			}
			if errors.Is(err, ErrAbsent) { // removed meanwhile
				continue
			}
			if !yield(item, err) || err != nil && !unusable(err) {
				return
			}
		}
	}
}
