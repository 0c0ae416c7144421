package persist

import (
	"context"
	"iter"
)

// Storage holds values under keys, such as a folder, a database or a keychain
// does. Its methods may be called concurrently. They must heed their context, and
// their errors must not tell what is stored. A Storage that is a Lister, too, can
// be searched.
type Storage interface {
	// Get returns the value under key, which the caller may change. The error
	// matches ErrAbsent if there is none, and ErrMalformed or ErrTooLarge if what is
	// there cannot be used.
	Get(ctx context.Context, key string) ([]byte, error)
	// Set replaces the value under key, as a whole or not at all. It must not keep
	// value.
	Set(ctx context.Context, key string, value []byte) error
	// Remove removes the value under key. There may be none.
	Remove(ctx context.Context, key string) error
}

// Lister is a Storage that knows its entries.
type Lister interface {
	// Entries iterates over all entries, in any order. Set and Remove may be called
	// meanwhile; what they change may or may not be seen. An error ends the iteration,
	// unless it matches ErrMalformed or ErrTooLarge: then it is about the entry.
	Entries(ctx context.Context) iter.Seq2[Item, error]
}

// Item is an entry of a Storage.
type Item struct {
	Key   string
	Value []byte
}
