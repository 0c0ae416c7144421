package persist

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/freshet-go/freshet/query"
)

// Errors of stores and storages. Test for them with errors.Is.
var (
	// ErrAbsent means that nothing is stored.
	ErrAbsent = errors.New("persist: nothing is stored")
	// ErrMalformed means that what is stored cannot be used. The text of such an
	// error holds nothing of what is stored; errors that it wraps may.
	ErrMalformed = errors.New("persist: malformed record")
	// ErrTooLarge means that what is stored, or to be stored, exceeds a limit.
	ErrTooLarge = errors.New("persist: record is too large")
	// ErrNotListed means that a storage without entries was to be searched.
	ErrNotListed = errors.New("persist: storage does not list its entries")
)

// RecordVersion is the version of the records that Save makes.
const RecordVersion = 1

// Record is what a Store holds: a snapshot of a client and what decides whether
// it is still of use. It travels as JSON; see ParseRecord.
type Record struct {
	Version int `json:"version"`
	// Timestamp is when the snapshot was taken, by the client's clock.
	Timestamp time.Time `json:"timestamp"`
	// Buster is Options.Buster of the program that took it.
	Buster string `json:"buster,omitempty"`
	// ClientState is the snapshot.
	ClientState *query.Snapshot `json:"clientState"`
}

// ParseRecord reads the JSON of a Record, for stores. Text that is not one, or is
// of another version, is an error that matches ErrMalformed. Whether the snapshot
// itself is sound is only known once it was restored.
func ParseRecord(text []byte) (*Record, error) {
	var r Record
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, &recordError{"it is not the JSON of a record", err}
	}
	switch {
	case r.Version != RecordVersion:
		return nil, &recordError{fmt.Sprintf("it has version %d, not %d", r.Version, RecordVersion), nil}
	case r.Timestamp.IsZero():
		return nil, &recordError{"it has no timestamp", nil}
	case r.ClientState == nil:
		return nil, &recordError{"it has no client state", nil}
	}
	return &r, nil
}

// recordError says what is wrong with a record. Its text holds nothing of it.
type recordError struct {
	reason string
	err    error
}

func (e *recordError) Error() string { return ErrMalformed.Error() + ": " + e.reason }

func (e *recordError) Is(target error) bool { return target == ErrMalformed }

func (e *recordError) Unwrap() error { return e.err }

// unusable reports whether err is about what is stored, and not about the store.
func unusable(err error) bool {
	return errors.Is(err, ErrMalformed) || errors.Is(err, ErrTooLarge)
}
