package conformance

import "slices"

// Tally counts scenarios.
type Tally struct {
	Total  int `json:"total"`
	Passed int `json:"passed"`
}

// Report says how many scenarios passed and which did not, altogether and by
// category. Make one with [NewReport].
type Report struct {
	Tally
	Failed     []string         `json:"failed"`
	Categories map[string]Tally `json:"categories"`
}

// NewReport returns a report on nothing yet.
func NewReport() *Report {
	return &Report{Failed: []string{}, Categories: map[string]Tally{}}
}

// Add counts one scenario. It must not be called concurrently.
func (r *Report) Add(category, name string, passed bool) {
	t := r.Categories[category]
	t.Total++
	r.Total++
	if passed {
		t.Passed++
		r.Passed++
	} else {
		r.Failed = append(r.Failed, name)
		slices.Sort(r.Failed)
	}
	r.Categories[category] = t
}

// Sound reports whether every scenario of the category passed and there is one.
func (r *Report) Sound(category string) bool {
	t := r.Categories[category]
	return t.Total > 0 && t.Passed == t.Total
}

// Required lists the categories in which every scenario must pass. The others
// are reported.
func Required() []string {
	return []string{
		"staleness", "gc", "polling", "focus", "reconnect", "retry-backoff", "coalescing",
		"cancellation", "invalidation", "refetch", "reset-remove-clear", "set-data", "enabled",
		"key-switch", "placeholder-initial", "select", "fetch-query", "defaults", "filters",
		"network-mode", "seller", "infinite", "queries-observer", "structural-sharing", "mutations",
		"mutation-scope-offline", "optimistic", "hydration", "differences",
	}
}
