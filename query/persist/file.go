package persist

import "context"

// File is a Store in a file. It is replaced as a whole, so that a crash leaves the
// old content or the new, and only the user can read it. Programs that share a
// file overwrite each other's: give each its own.
type File struct {
	// Path of the file. Its folder is made if needed.
	Path string
	// MaxSize is the limit for its size in bytes, in both directions. Default: 64
	// MiB.
	MaxSize int64
	// Codec changes what is stored.
	Codec Codec
}

// Load reads the file; see Store.
func (f File) Load(ctx context.Context) (*Record, error) {
	stored, err := readFile(ctx, f.Path, limitOr(f.MaxSize))
	if err != nil {
		return nil, err
	}
	return f.Codec.record(stored)
}

// Save replaces the file; see Store. A record that is too large is refused with
// ErrTooLarge, which Options.Retry can do something about.
func (f File) Save(ctx context.Context, r *Record) error {
	stored, err := f.Codec.stored(r)
	if err != nil {
		return err
	}
	return writeFile(ctx, f.Path, stored, limitOr(f.MaxSize))
}

// Remove deletes the file; see Store.
func (f File) Remove(ctx context.Context) error { return removeFile(ctx, f.Path) }
