package persist

import (
	"context"
	"encoding/json"
)

// Store holds one Record. Its methods may be called concurrently. They must heed
// their context, and their errors must not tell what is stored.
type Store interface {
	// Load returns the record. The error matches ErrAbsent if there is none, and
	// ErrMalformed or ErrTooLarge if what is there cannot be used.
	Load(ctx context.Context) (*Record, error)
	// Save replaces the record, as a whole or not at all. It must not change r nor
	// keep it.
	Save(ctx context.Context, r *Record) error
	// Remove makes the store empty. It may be so already.
	Remove(ctx context.Context) error
}

// Slot is a Store in one place of a Storage.
type Slot struct {
	// Storage holds the record. Required.
	Storage Storage
	// Key is where. Default: "freshet-client".
	Key string
	// Codec changes what is stored.
	Codec Codec
}

func (s Slot) key() string {
	if s.Key == "" {
		return "freshet-client"
	}
	return s.Key
}

// Load returns what was saved; see Store.
func (s Slot) Load(ctx context.Context) (*Record, error) {
	stored, err := s.Storage.Get(ctx, s.key())
	if err != nil {
		return nil, err
	}
	return s.Codec.record(stored)
}

// Save replaces what was saved; see Store.
func (s Slot) Save(ctx context.Context, r *Record) error {
	stored, err := s.Codec.stored(r)
	if err != nil {
		return err
	}
	return s.Storage.Set(ctx, s.key(), stored)
}

// Remove removes what was saved; see Store.
func (s Slot) Remove(ctx context.Context) error { return s.Storage.Remove(ctx, s.key()) }

// stored returns r as it is stored.
func (c Codec) stored(r *Record) ([]byte, error) {
	plain, err := json.Marshal(r)
	if err != nil {
		return nil, &encodeError{err}
	}
	return c.encode(plain)
}

// record reverts stored.
func (c Codec) record(stored []byte) (*Record, error) {
	plain, err := c.decode(stored)
	if err != nil {
		return nil, err
	}
	return ParseRecord(plain)
}

// encodeError hides the text of an error about a value, which may show it.
type encodeError struct{ err error }

func (e *encodeError) Error() string { return "persist: record cannot be encoded" }

func (e *encodeError) Unwrap() error { return e.err }
