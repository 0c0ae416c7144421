package bus

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

// Kind says what a message tells of an entry.
type Kind string

// The kinds of messages.
const (
	Added   Kind = "added"   // it is new and has initial data
	Updated Kind = "updated" // its data were fetched or written
	Removed Kind = "removed" // it was removed while somebody observed it
)

// What can be wrong with a message.
var (
	ErrTooLarge  = errors.New("bus: message is too large")
	ErrVersion   = errors.New("bus: message has another version")
	ErrMalformed = errors.New("bus: malformed message")
)

const version = 1

// message is what travels, as the package's documentation describes it.
type message struct {
	Version  int             `json:"v"`
	From     string          `json:"from"`
	Kind     Kind            `json:"kind"`
	Key      querykey.Key    `json:"key"`
	At       time.Time       `json:"at"`
	Infinite bool            `json:"infinite,omitempty"`
	Data     json.RawMessage `json:"data,omitempty"`
}

// encode refuses a message of more than limit bytes.
func (m *message) encode(limit int) ([]byte, error) {
	m.Version = version
	text, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	if len(text) > limit {
		return nil, fmt.Errorf("%w: %d bytes, limit %d", ErrTooLarge, len(text), limit)
	}
	return text, nil
}

// decode returns as much of a message as there is, and what is wrong with it.
func decode(text []byte, limit int) (m message, err error) {
	if len(text) > limit {
		return m, fmt.Errorf("%w: %d bytes, limit %d", ErrTooLarge, len(text), limit)
	}
	// The version first: the members of another one may have other types.
	var head struct {
		Version int `json:"v"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return m, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if head.Version != version {
		return m, fmt.Errorf("%w: %d, not %d", ErrVersion, head.Version, version)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return m, m.check()
}

func (m *message) check() error {
	switch {
	case m.From == "":
		return fmt.Errorf("%w: no sender", ErrMalformed)
	case m.Key.Len() == 0: // a filter by it would choose every entry
		return fmt.Errorf("%w: no key", ErrMalformed)
	case m.Kind != Added && m.Kind != Updated && m.Kind != Removed:
		return fmt.Errorf("%w: unknown kind", ErrMalformed)
	case m.Kind != Removed && len(m.Data) == 0:
		return fmt.Errorf("%w: no data", ErrMalformed)
	case m.At.IsZero() && m.Kind != Added:
		return fmt.Errorf("%w: no time", ErrMalformed)
	}
	return nil
}

// snapshot is what a client receives of data.
func (m *message) snapshot() query.QuerySnapshot {
	return query.QuerySnapshot{Key: m.Key, Infinite: m.Infinite, Data: m.Data, DataUpdatedAt: m.At}
}
