package persist

import (
	"bytes"
	"context"
	"iter"
	"maps"
	"slices"
	"sync"
)

// Memory is a Storage that forgets all when the program ends: for tests, and to
// hand data from one client to another. The zero Memory is empty and ready for
// use.
type Memory struct {
	mu     sync.Mutex
	values map[string][]byte
}

// Get returns the value under key; see Storage.
func (m *Memory) Get(ctx context.Context, key string) ([]byte, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	value, ok := m.values[key]
	if !ok {
		return nil, ErrAbsent
	}
	return bytes.Clone(value), nil
}

// Set replaces the value under key; see Storage.
func (m *Memory) Set(ctx context.Context, key string, value []byte) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.values == nil {
		m.values = map[string][]byte{}
	}
	m.values[key] = bytes.Clone(value)
	return nil
}

// Remove removes the value under key; see Storage.
func (m *Memory) Remove(ctx context.Context, key string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.values, key)
	return nil
}

// Entries iterates over the entries in the order of their keys; see Lister.
func (m *Memory) Entries(ctx context.Context) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		m.mu.Lock()
		values := maps.Clone(m.values)
		m.mu.Unlock()
		for _, key := range slices.Sorted(maps.Keys(values)) {
			if ctx.Err() != nil {
				yield(Item{}, context.Cause(ctx))
				return
			}
			if !yield(Item{key, bytes.Clone(values[key])}, nil) {
				return
			}
		}
	}
}
