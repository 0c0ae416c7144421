package trpc

import (
	"maps"
	"net/http"
	"sync"
	"sync/atomic"
)

// Stats counts what a client has done since it was made. Compare two of them to
// get rates. A batch of n calls is n Calls and one Request.
type Stats struct {
	Calls         int64         // procedure calls, also those that failed before they were sent
	Requests      int64         // HTTP requests handed to the HTTP client
	Batches       int64         // requests of those that carried more than one call
	BytesSent     int64         // request bodies
	BytesReceived int64         // response bodies, decompressed
	Broken        int64         // requests without a complete response
	Losses        int64         // connections of subscriptions that failed and were made again
	ByStatus      map[int]int64 // requests with a response, by HTTP status
}

// counters is the live side of Stats.
type counters struct {
	calls, requests, batches, sent, received, broken, losses atomic.Int64

	mu       sync.Mutex
	byStatus map[int]int64
}

func (c *counters) request(calls, bytes int) {
	c.requests.Add(1)
	c.sent.Add(int64(bytes))
	if calls > 1 {
		c.batches.Add(1)
	}
}

func (c *counters) response(resp *http.Response) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byStatus == nil {
		c.byStatus = map[int]int64{}
	}
	c.byStatus[resp.StatusCode]++
}

func (c *counters) snapshot() Stats {
	s := Stats{
		Calls:         c.calls.Load(),
		Requests:      c.requests.Load(),
		Batches:       c.batches.Load(),
		BytesSent:     c.sent.Load(),
		BytesReceived: c.received.Load(),
		Broken:        c.broken.Load(),
		Losses:        c.losses.Load(),
		ByStatus:      map[int]int64{},
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.Copy(s.ByStatus, c.byStatus)
	return s
}
