package trpctest

import "encoding/json"

// Fault is trouble that the next matching requests meet. The zero value of a
// field leaves it to the server.
type Fault struct {
	Kind       string `json:"kind"`                // such as "html_502", or "trpc_error" with a Code
	Count      int    `json:"count,omitempty"`     // requests to hit; 0 means one
	Skip       int    `json:"skip,omitempty"`      // matching requests to let pass before
	Procedure  string `json:"procedure,omitempty"` // only requests with this procedure
	Method     string `json:"method,omitempty"`    // only requests by this method
	Scope      string `json:"scope,omitempty"`     // "call" hits single calls instead of requests
	Code       string `json:"code,omitempty"`
	Message    string `json:"message,omitempty"`
	Status     int    `json:"status,omitempty"`
	Body       string `json:"body,omitempty"`
	RetryAfter any    `json:"retryAfter,omitempty"` // seconds, or the text of the header
	Indexes    []int  `json:"batchIndexes,omitempty"`
	AfterBytes int    `json:"afterBytes,omitempty"`
	Drop       int    `json:"drop,omitempty"` // results that a short batch lacks
}

// Inject arms a fault.
func (s *Server) Inject(f Fault) {
	s.t.Helper()
	text, err := json.Marshal(f)
	fields := map[string]any{}
	if err == nil {
		err = json.Unmarshal(text, &fields)
	}
	if err != nil {
		s.t.Fatalf("trpctest: inject: %v", err)
	}
	s.Control("inject", fields, nil)
}

// Counters is what the server has seen since its start or the last
// [Server.ResetCounters]. Requests and calls count when they arrive; the
// statuses once a response has ended, which may be later than the client's end.
type Counters struct {
	HTTP struct {
		Requests     int            `json:"requests"`
		Batches      int            `json:"batches"` // requests with batch=1
		BatchedCalls int            `json:"batchedCalls"`
		MaxBatch     int            `json:"maxBatch"`
		ByProcedure  map[string]int `json:"byProcedure"`
		ByStatus     map[string]int `json:"byStatus"`
		Faults       map[string]int `json:"faults"`
	} `json:"http"`
	Calls struct {
		Total   int            `json:"total"`
		ByPath  map[string]int `json:"byPath"`
		ByError map[string]int `json:"byError"`
	} `json:"calls"`
}

// Counters asks for the present counts.
func (s *Server) Counters() Counters {
	s.t.Helper()
	var answer struct {
		Counters Counters `json:"counters"`
	}
	s.Control("counters", nil, &answer)
	return answer.Counters
}

// ResetCounters starts counters and log anew; the seller's data stay.
func (s *Server) ResetCounters() {
	s.t.Helper()
	s.Control("resetCounters", nil, nil)
}

// Request is one HTTP request in the server's log.
type Request struct {
	Method     string            `json:"method"`
	URL        string            `json:"url"`
	Batch      bool              `json:"batch"`
	BatchSize  int               `json:"batchSize"`
	Procedures []string          `json:"procedures"`
	Headers    map[string]string `json:"headers"` // a few that matter
	Body       string            `json:"body"`
	Seller     string            `json:"seller"` // whose token it came with
	Fault      string            `json:"fault"`  // kind of the fault it met
}

// Log returns the HTTP requests since the start or the last
// [Server.ResetCounters], in their order.
func (s *Server) Log() []Request {
	s.t.Helper()
	var answer struct {
		Requests []Request `json:"requests"`
	}
	s.Control("log", map[string]any{"calls": false}, &answer)
	return answer.Requests
}

// SellerState sums up the data of one seller.
type SellerState struct {
	SellerID string `json:"sellerId"`
	Orders   int    `json:"orders"`
	Listings int    `json:"listings"`
	Payouts  int    `json:"payouts"`
	Stats    struct {
		Total    int            `json:"total"`
		ByStatus map[string]int `json:"byStatus"`
	} `json:"stats"`
}

// State returns the server's own view of a seller.
func (s *Server) State(sellerID string) SellerState {
	s.t.Helper()
	var answer struct {
		Sellers []SellerState `json:"sellers"`
	}
	s.Control("state", map[string]any{"sellerId": sellerID}, &answer)
	if len(answer.Sellers) != 1 {
		s.t.Fatalf("trpctest: no seller %q", sellerID)
	}
	return answer.Sellers[0]
}
