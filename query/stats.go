package query

import (
	"encoding/json"
	"sync/atomic"
	"time"

	"github.com/freshet-go/freshet/querykey"
)

// Stats says what has happened to the queries below a prefix since the client was
// made, or since ResetStats: which of them gain from being polled often, which are
// slow, and what push and batching save.
type Stats struct {
	// Prefix is the first part of the keys, or as many parts as Config.StatsDepth says.
	// The empty key stands for keys of one part, which are counted together.
	Prefix querykey.Key `json:"prefix"`
	// Others marks the row of all prefixes that came after the first 256.
	Others bool `json:"others,omitempty"`
	// Fetches is how many were begun, Joined how many callers waited for one that ran,
	// Retries the attempts that were made again, Failures the fetches that failed in
	// the end, Cancelled those that were cancelled.
	Fetches, Joined, Retries, Failures, Cancelled int64
	// Changed is how many answers brought other data, Unchanged how many brought equal
	// ones, as structural sharing sees it, and NotModified how many said so themselves.
	Changed, Unchanged, NotModified int64
	// Pushed is how many writes and invalidations came from handlers of push.
	Pushed int64
	// Batched is how many answers shared a request with others, Bytes how long the
	// answers were, as far as transports say so by FetchInfo.Received.
	Batched, Bytes int64
	// Evicted is how many queries were dropped because of Config.Limit.
	Evicted int64
	// Latency is how long fetches took that were answered, retries and pauses included.
	Latency Histogram
	// Age is how old data were when an answer took their place, or confirmed them: so
	// old was the oldest that anybody can have read before.
	Age Histogram
	// ReadAge is how old the data were that Fetch and its relatives answered with
	// instead of fetching. Reads are so quick that not all of them are looked at: as
	// long as there are few all are, and about 20 a second of a client if there are
	// many. So Count is not how many there were. Data that never turn stale are left out.
	ReadAge Histogram
}

// Histogram counts durations.
type Histogram struct {
	Buckets []Bucket      // without those that are empty, shortest first
	Count   int64         // of all
	Sum     time.Duration // of all
}

// Bucket counts durations up to a bound, from that of the bucket before.
type Bucket struct {
	UpTo  time.Duration // negative for what is longer than the longest bound of an hour
	Count int64
}

// Mean returns the mean, zero if there is nothing.
func (h Histogram) Mean() time.Duration {
	if h.Count == 0 {
		return 0
	}
	return h.Sum / time.Duration(h.Count)
}

// Quantile returns the bound of the bucket that the quantile q is in, from 0 to 1,
// zero if there is nothing. It is negative beyond an hour.
func (h Histogram) Quantile(q float64) time.Duration {
	left := int64(q * float64(h.Count))
	for _, b := range h.Buckets {
		if left -= b.Count; left < 0 || left == 0 && q >= 1 {
			return b.UpTo
		}
	}
	if n := len(h.Buckets); n > 0 {
		return h.Buckets[n-1].UpTo
	}
	return 0
}

// Stats returns a row for each prefix, in the order in which they came. Counting goes
// on all the time and costs reads of fresh data nothing. Rows are not of one moment:
// what happens meanwhile may be in one and not in another.
func (c *Client) Stats() []Stats {
	var rows []Stats
	for _, t := range c.allTallies() {
		rows = append(rows, t.stats(func(n *atomic.Int64) int64 { return n.Load() }))
	}
	return rows
}

// ResetStats begins to count anew and returns what was counted before. Each event is
// in one of the two.
func (c *Client) ResetStats() []Stats {
	var rows []Stats
	for _, t := range c.allTallies() {
		rows = append(rows, t.stats(func(n *atomic.Int64) int64 { return n.Swap(0) }))
	}
	return rows
}

func (c *Client) allTallies() []*tally {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := append([]*tally(nil), c.tallies.inLine...)
	if c.tallies.others != nil {
		all = append(all, c.tallies.others)
	}
	return all
}

// stats reads each counter by read.
func (t *tally) stats(read func(*atomic.Int64) int64) Stats {
	s := Stats{
		Others:  t.text == "",
		Fetches: read(&t.fetches), Joined: read(&t.joined), Retries: read(&t.retries),
		Failures: read(&t.failures), Cancelled: read(&t.cancelled),
		Changed: read(&t.changed), Unchanged: read(&t.unchanged), NotModified: read(&t.notModified),
		Pushed: read(&t.pushed), Batched: read(&t.batched), Bytes: read(&t.bytes), Evicted: read(&t.evicted),
		Latency: t.latency.histogram(read), Age: t.age.histogram(read), ReadAge: t.readAge.histogram(read),
	}
	if t.text != "" {
		_ = json.Unmarshal([]byte(t.text+"]"), &s.Prefix) // it was made of a key
	}
	return s
}

func (l *lazySpread) histogram(read func(*atomic.Int64) int64) Histogram {
	s := l.made.Load()
	if s == nil {
		return Histogram{}
	}
	h := Histogram{Sum: time.Duration(read(&s.sum))}
	for i := range s.counts {
		n := read(&s.counts[i])
		if n == 0 {
			continue
		}
		b := Bucket{UpTo: -1, Count: n}
		if i < len(bounds) {
			b.UpTo = bounds[i]
		}
		h.Buckets = append(h.Buckets, b)
		h.Count += n
	}
	return h
}

// StatsVar shows the stats of c as JSON: it is an expvar.Var.
func (c *Client) StatsVar() StatsVar { return StatsVar{c} }

// StatsVar is for expvar.Publish.
type StatsVar struct{ c *Client }

// String returns the rows of [Client.Stats] as JSON, durations in nanoseconds.
func (v StatsVar) String() string {
	text, err := json.Marshal(v.c.Stats())
	if err != nil { // never: it is numbers and keys
		return "null"
	}
	return string(text)
}

// Received tells that the answer to this fetch was so many bytes long, and whether it
// shared a request with others. Transports call it, once an answer.
func (i FetchInfo) Received(bytes int, batched bool) {
	if i.flight == nil {
		return
	}
	t := i.flight.e.tally()
	t.bytes.Add(int64(bytes))
	if batched {
		t.batched.Add(1)
	}
}
