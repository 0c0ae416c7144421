package query

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/freshet-go/freshet/querykey"
)

// SnapshotVersion is the version of the snapshots that Dehydrate makes.
const SnapshotVersion = 1

// Snapshot is a cache at rest: plain data that travels as JSON, to another
// process or to a file. Fetches do not travel.
type Snapshot struct {
	Version   int                `json:"version"`
	Queries   []QuerySnapshot    `json:"queries"`
	Mutations []MutationSnapshot `json:"mutations"`
}

// QuerySnapshot is one entry of a Snapshot. Times that never were are zero.
type QuerySnapshot struct { //nolint:revive // beside MutationSnapshot, Snapshot is their whole
	Key          querykey.Key   `json:"key"`
	DehydratedAt time.Time      `json:"dehydratedAt"`
	Infinite     bool           `json:"infinite,omitempty"`
	Meta         map[string]any `json:"meta,omitempty"`

	Status           Status          `json:"status"`
	FetchStatus      FetchStatus     `json:"fetchStatus"`
	Data             json.RawMessage `json:"data,omitempty"` // absent if there are none
	DataUpdatedAt    time.Time       `json:"dataUpdatedAt,omitzero"`
	DataUpdateCount  int             `json:"dataUpdateCount,omitempty"`
	Error            *string         `json:"error,omitempty"`
	ErrorUpdatedAt   time.Time       `json:"errorUpdatedAt,omitzero"`
	ErrorUpdateCount int             `json:"errorUpdateCount,omitempty"`
	FailureCount     int             `json:"failureCount,omitempty"`
	FailureReason    *string         `json:"failureReason,omitempty"`
	IsInvalidated    bool            `json:"isInvalidated,omitempty"`
	Direction        Direction       `json:"direction,omitempty"`
}

// MutationSnapshot is one mutation of a Snapshot.
type MutationSnapshot struct {
	Key   querykey.Key   `json:"key,omitzero"`
	Scope string         `json:"scope,omitempty"`
	Meta  map[string]any `json:"meta,omitempty"`

	Status        Status          `json:"status"`
	Variables     json.RawMessage `json:"variables,omitempty"` // absent if it never ran
	Context       json.RawMessage `json:"context,omitempty"`
	Data          json.RawMessage `json:"data,omitempty"`
	Error         *string         `json:"error,omitempty"`
	FailureCount  int             `json:"failureCount,omitempty"`
	FailureReason *string         `json:"failureReason,omitempty"`
	IsPaused      bool            `json:"isPaused,omitempty"`
	SubmittedAt   time.Time       `json:"submittedAt,omitzero"`
}

// DehydrateOptions choose what goes into a snapshot.
type DehydrateOptions struct {
	// Query chooses entries. Default: those whose status is success.
	Query func(Entry) bool
	// Mutation chooses mutations. Default: those that are paused.
	Mutation func(MutationInfo) bool
}

// Dehydrate takes a snapshot of the cache. Data, variables and contexts are
// encoded by encoding/json; what cannot be is an error that names it. Optimistic
// patches are left out: they belong to mutations.
func (c *Client) Dehydrate(o DehydrateOptions) (*Snapshot, error) {
	if o.Query == nil {
		o.Query = func(e Entry) bool { return e.State.Status() == StatusSuccess }
	}
	if o.Mutation == nil {
		o.Mutation = func(m MutationInfo) bool { return m.IsPaused }
	}
	s := &Snapshot{Version: SnapshotVersion}
	for _, e := range c.Entries(Filter{}) {
		if !ask(c, "DehydrateOptions.Query", false, func() bool { return o.Query(e) }) {
			continue
		}
		q, err := c.dehydrateQuery(e)
		if err != nil {
			return nil, err
		}
		s.Queries = append(s.Queries, q)
	}
	for _, m := range c.Mutations(MutationFilter{}) {
		if !ask(c, "DehydrateOptions.Mutation", false, func() bool { return o.Mutation(m) }) {
			continue
		}
		d, err := dehydrateMutation(m)
		if err != nil {
			return nil, err
		}
		s.Mutations = append(s.Mutations, d)
	}
	return s, nil
}

func (c *Client) dehydrateQuery(e Entry) (QuerySnapshot, error) {
	st := e.State.get()
	q := QuerySnapshot{
		Key: e.State.key, DehydratedAt: c.sched.Now().Round(0), Infinite: e.Infinite, Meta: e.State.meta,
		Status: st.status.public(), FetchStatus: st.fetchStatus.public(),
		DataUpdatedAt: st.dataUpdatedAt.Round(0), DataUpdateCount: int(st.dataUpdateCount),
		Error: text(st.err), ErrorUpdatedAt: st.errorUpdatedAt.Round(0), ErrorUpdateCount: st.errorUpdateCount,
		FailureCount: st.failureCount, FailureReason: text(st.failureReason),
		IsInvalidated: st.invalidated, Direction: st.direction,
	}
	var err error
	if data, ok := st.base(); ok {
		if q.Data, err = encode(data); err != nil {
			return q, fmt.Errorf("query: dehydrate %s: %w", q.Key, err)
		}
	}
	return q, nil
}

func dehydrateMutation(m MutationInfo) (MutationSnapshot, error) {
	d := MutationSnapshot{
		Key: m.Key, Scope: m.Scope, Meta: m.Meta, Status: m.Status, Error: text(m.Err),
		FailureCount: m.FailureCount, FailureReason: text(m.FailureReason),
		IsPaused: m.IsPaused, SubmittedAt: m.SubmittedAt.Round(0),
	}
	var errs [3]error
	if m.Status != StatusIdle {
		d.Variables, errs[0] = encode(m.Variables)
	}
	if m.Context != nil {
		d.Context, errs[1] = encode(m.Context)
	}
	if m.HasData {
		d.Data, errs[2] = encode(m.Data)
	}
	for _, err := range errs {
		if err != nil {
			return d, fmt.Errorf("query: dehydrate mutation %d %s: %w", m.ID, m.Key, err)
		}
	}
	return d, nil
}

func encode(v any) (b json.RawMessage, err error) {
	if p, ok := v.(*packed); ok {
		return p.text, nil
	}
	err = protect(func() error {
		b, err = json.Marshal(v)
		return err
	})
	return b, err
}

func text(err error) *string {
	if err == nil {
		return nil
	}
	s := err.Error()
	return &s
}
