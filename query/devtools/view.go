package devtools

import (
	"time"

	"github.com/freshet-go/freshet/query"
)

// cacheView is the answer of api/cache.
type cacheView struct {
	Now       time.Time      `json:"now"`
	Focused   bool           `json:"focused"`
	Online    bool           `json:"online"`
	Actions   bool           `json:"actions"`
	Total     int            `json:"total"` // of queries, some of which may be left out
	Queries   []queryView    `json:"queries"`
	Mutations []mutationView `json:"mutations"`
}

// queryView is one query. Times that never were are absent. Keys are JSON in a
// string, here and below: numbers of JavaScript are not exact enough for them.
type queryView struct {
	Key              string            `json:"key"`
	ID               uint64            `json:"id"`
	Status           query.Status      `json:"status"`
	FetchStatus      query.FetchStatus `json:"fetchStatus"`
	Observers        int               `json:"observers"`
	Active           bool              `json:"active"`
	Stale            bool              `json:"stale"`
	Invalidated      bool              `json:"invalidated"`
	Infinite         bool              `json:"infinite"`
	DataUpdatedAt    time.Time         `json:"dataUpdatedAt,omitzero"`
	DataUpdateCount  int               `json:"dataUpdateCount"`
	Error            string            `json:"error,omitempty"`
	ErrorUpdatedAt   time.Time         `json:"errorUpdatedAt,omitzero"`
	ErrorUpdateCount int               `json:"errorUpdateCount"`
	FailureCount     int               `json:"failureCount"`
	RetryAt          time.Time         `json:"retryAt,omitzero"`
}

// mutationView is one mutation.
type mutationView struct {
	Key          string       `json:"key"`
	ID           uint64       `json:"id"`
	Scope        string       `json:"scope,omitempty"`
	Status       query.Status `json:"status"`
	Paused       bool         `json:"paused"`
	FailureCount int          `json:"failureCount"`
	Error        string       `json:"error,omitempty"`
	SubmittedAt  time.Time    `json:"submittedAt,omitzero"`
	RetryAt      time.Time    `json:"retryAt,omitzero"`
}

// detailView is the answer of api/query.
type detailView struct {
	Query    queryView     `json:"query"`
	Findings []findingView `json:"findings"`
	Data     string        `json:"data,omitempty"`
	NoData   string        `json:"noData,omitempty"` // why data are not shown
}

type findingView struct {
	Reason query.Reason `json:"reason"`
	At     time.Time    `json:"at,omitzero"`
	Text   string       `json:"text"`
}

// eventView is one server-sent event.
type eventView struct {
	Kind     query.EventKind `json:"kind"`
	At       time.Time       `json:"at"`
	Action   query.Action    `json:"action,omitempty"`
	Manual   bool            `json:"manual,omitempty"`
	Query    *queryView      `json:"query,omitempty"` // without active and stale
	Mutation *mutationView   `json:"mutation,omitempty"`
	Lost     int             `json:"lost,omitempty"`
}

// statsView is what has happened below a prefix. Times are in milliseconds, negative
// for more than an hour, and absent if nothing was measured.
type statsView struct {
	Prefix    string   `json:"prefix"` // "" stands for all that are not counted by themselves
	Fetches   int64    `json:"fetches"`
	Joined    int64    `json:"joined"`
	Batched   int64    `json:"batched"`
	Pushed    int64    `json:"pushed"`
	Retries   int64    `json:"retries"`
	Failures  int64    `json:"failures"`
	Cancelled int64    `json:"cancelled"`
	Changed   int64    `json:"changed"`
	Unchanged int64    `json:"unchanged"` // not modified ones among them
	Bytes     int64    `json:"bytes"`
	Evicted   int64    `json:"evicted"`
	Latency50 *float64 `json:"latency50,omitempty"`
	Latency95 *float64 `json:"latency95,omitempty"`
	Age95     *float64 `json:"age95,omitempty"`     // when an answer took the place of the data
	ReadAge95 *float64 `json:"readAge95,omitempty"` // when they were read
}

func viewStats(s query.Stats) statsView {
	v := statsView{
		Prefix: s.Prefix.String(), Fetches: s.Fetches, Joined: s.Joined, Batched: s.Batched, Pushed: s.Pushed,
		Retries: s.Retries, Failures: s.Failures, Cancelled: s.Cancelled,
		Changed: s.Changed, Unchanged: s.Unchanged + s.NotModified, Bytes: s.Bytes, Evicted: s.Evicted,
		Latency50: quantile(s.Latency, 0.5), Latency95: quantile(s.Latency, 0.95),
		Age95: quantile(s.Age, 0.95), ReadAge95: quantile(s.ReadAge, 0.95),
	}
	if s.Others {
		v.Prefix = ""
	}
	return v
}

func quantile(h query.Histogram, q float64) *float64 {
	if h.Count == 0 {
		return nil
	}
	ms := float64(h.Quantile(q)) / float64(time.Millisecond)
	return &ms
}

func viewQuery(e query.Entry) queryView {
	s := e.State
	return queryView{
		Key: s.Key().String(), ID: e.ID, Status: s.Status(), FetchStatus: s.FetchStatus(), Observers: e.Observers,
		Invalidated: s.IsInvalidated(), Infinite: e.Infinite,
		DataUpdatedAt: s.DataUpdatedAt(), DataUpdateCount: s.DataUpdateCount(),
		Error: text(s.Err()), ErrorUpdatedAt: s.ErrorUpdatedAt(), ErrorUpdateCount: s.ErrorUpdateCount(),
		FailureCount: s.FailureCount(), RetryAt: s.RetryAt(),
	}
}

func viewMutation(m query.MutationInfo) mutationView {
	return mutationView{
		Key: m.Key.String(), ID: m.ID, Scope: m.Scope, Status: m.Status, Paused: m.IsPaused, FailureCount: m.FailureCount,
		Error: text(m.Err), SubmittedAt: m.SubmittedAt, RetryAt: m.RetryAt,
	}
}

func viewEvent(ev query.Event) eventView {
	v := eventView{Kind: ev.Kind, At: ev.At, Action: ev.Action, Manual: ev.Manual, Lost: ev.Lost}
	if ev.Query != nil {
		q := viewQuery(*ev.Query)
		v.Query = &q
	}
	if ev.Mutation != nil {
		m := viewMutation(*ev.Mutation)
		v.Mutation = &m
	}
	return v
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
