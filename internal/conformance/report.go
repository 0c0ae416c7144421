package conformance

import (
	"slices"
	"strings"
)

// Tally counts scenarios.
type Tally struct {
	Total  int `json:"total"`
	Passed int `json:"passed"`
}

// Failure is a scenario that did not show what it should.
type Failure struct {
	Name    string `json:"name"`
	Problem string `json:"problem"`         // in words
	Trace   []any  `json:"trace,omitempty"` // what it showed, as far as it came
}

// Report says how many scenarios passed and which did not, altogether and by
// category. Make one with [NewReport].
type Report struct {
	Tally
	Failed     []Failure        `json:"failed"` // sorted by name
	Categories map[string]Tally `json:"categories"`
}

// NewReport returns a report on nothing yet.
func NewReport() *Report {
	return &Report{Failed: []Failure{}, Categories: map[string]Tally{}}
}

// Pass counts a scenario that passed. It must not be called concurrently.
func (r *Report) Pass(category string) {
	r.Passed++
	r.count(category, 1)
}

// Fail counts a scenario that did not. It must not be called concurrently.
func (r *Report) Fail(category string, f Failure) {
	at, _ := slices.BinarySearchFunc(r.Failed, f, func(a, b Failure) int { return strings.Compare(a.Name, b.Name) })
	r.Failed = slices.Insert(r.Failed, at, f)
	r.count(category, 0)
}

func (r *Report) count(category string, passed int) {
	r.Total++
	t := r.Categories[category]
	t.Total++
	t.Passed += passed
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
