package query

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
)

// Body makes data of answers that come as bytes, and remembers the bytes: an answer
// that is the same again is not decoded, and of a JSON array only the elements are
// that have changed. The others are kept as they are, so pointers among them stay
// the same. The result is always what decoding everything would give.
//
//	Fetch: query.Body[[]Order]{Read: readOrders}.Fetch
//
// It is a plain value and may be used by several goroutines.
type Body[T any] struct {
	// Read gets the answer to a fetch. The bytes must not be changed afterwards.
	Read func(ctx context.Context) ([]byte, error)
	// Decode makes data of an answer. Nil is json.Unmarshal. With a function of one's
	// own, whatever it decodes, elements are not told apart.
	Decode func(body []byte) (T, error)
	// Member names the member of a JSON object that holds the elements, as in
	// {"orders": […]}, if T is a struct whose field of that name is a slice, or a
	// pointer to one. Empty means that the array is the whole answer, and T a slice. If
	// things are otherwise, or types have methods to decode themselves as a whole,
	// everything is decoded.
	Member string
	// Digest remembers the SHA-256 of an answer in place of the bytes. That takes no
	// memory and more time, and elements are not told apart.
	Digest bool
}

// Decoded is an answer that was decoded, to compare the next one with. It is
// immutable.
type Decoded[T any] struct {
	data T
	text []byte // nil if there is a digest
	sum  [sha256.Size]byte
	list *elements
}

// Data returns what was decoded. It is shared with what is decoded next and must
// not be changed.
func (d *Decoded[T]) Data() T { return d.data }

// Fetch is a fetch function: it reads an answer, and returns its data or
// ErrNotModified.
func (b Body[T]) Fetch(ctx context.Context) (data T, err error) {
	if b.Read == nil {
		return data, ErrNilCallback
	}
	text, err := b.Read(ctx)
	if err != nil {
		return data, err
	}
	return b.Answer(ctx, text)
}

// Answer returns what a fetch function with context ctx is to return whose answer is
// text: the data, or ErrNotModified. Outside of fetches everything is decoded.
func (b Body[T]) Answer(ctx context.Context, text []byte) (data T, err error) {
	info, _ := FetchInfoFrom(ctx)
	prev, _ := info.Remembered().(*Decoded[T])
	next, err := b.Next(prev, text)
	switch {
	case err != nil:
		return data, err
	case next == prev:
		return data, ErrNotModified
	}
	info.Remember(next)
	return next.data, nil
}

// Next decodes text, with the help of prev, the answer before, unless that is nil. It
// returns prev itself if the two are the same, without allocating anything. Text
// must not be changed afterwards.
func (b Body[T]) Next(prev *Decoded[T], text []byte) (*Decoded[T], error) {
	if !b.Digest {
		if prev != nil && prev.text != nil && bytes.Equal(prev.text, text) {
			return prev, nil
		}
		return b.decode(prev, text)
	}
	sum := sha256.Sum256(text)
	if prev != nil && prev.text == nil && prev.sum == sum {
		return prev, nil
	}
	data, err := b.whole(text)
	if err != nil {
		return nil, err
	}
	return &Decoded[T]{data: data, sum: sum}, nil
}

// decode is Next for a text that is new.
func (b Body[T]) decode(prev *Decoded[T], text []byte) (*Decoded[T], error) {
	if text == nil {
		text = []byte{}
	}
	next := &Decoded[T]{text: text}
	if prev != nil && b.Decode == nil {
		var ok bool
		if next.list, ok = prev.list.next(text, &prev.data, &next.data); ok {
			return next, nil
		}
	}
	var err error
	if next.data, err = b.whole(text); err != nil {
		return nil, err
	}
	if b.Decode == nil {
		next.list = elementsOf(text, b.Member, &next.data)
	}
	return next, nil
}

// whole decodes all of text.
func (b Body[T]) whole(text []byte) (data T, err error) {
	if b.Decode != nil {
		data, err = b.Decode(text)
	} else {
		err = json.Unmarshal(text, &data)
	}
	if err != nil {
		var none T // a part may be decoded
		return none, fmt.Errorf("query: decode body: %w", err)
	}
	return data, nil
}
