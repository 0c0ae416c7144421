// Package measure reads clocks and heaps, and keeps what was measured.
package measure

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Row is one metric of one contestant in one case, with the figure of every
// round. Lower is better for every metric but those that count what was done.
type Row struct {
	Workload   string    `json:"workload"`   // W1
	Case       string    `json:"case"`       // string/1k/zipf/1g
	Metric     string    `json:"metric"`     // cpu ns/op
	Contestant string    `json:"contestant"` // otter
	Rounds     []float64 `json:"rounds"`
	Median     float64   `json:"median"`
	Min        float64   `json:"min"`
	Max        float64   `json:"max"`
	Exact      bool      `json:"exact,omitempty"` // a count, not a timing
}

// Results are the rows of one run, and what it ran on.
type Results struct {
	Started time.Time `json:"started"`
	Seconds float64   `json:"seconds"`
	Go      string    `json:"go"`
	Machine string    `json:"machine"`
	Procs   int       `json:"gomaxprocs"`
	Mode    string    `json:"mode"`
	Rows    []*Row    `json:"rows"`

	index map[rowID]*Row
}

type rowID struct{ workload, name, metric, contestant string }

// NewResults returns results without rows for a run that begins now.
func NewResults(mode string) *Results {
	return &Results{
		Started: time.Now(), Go: runtime.Version(), Machine: machine(), Procs: runtime.GOMAXPROCS(0), Mode: mode,
		index: map[rowID]*Row{},
	}
}

// machine is the model of the processor, or the platform where that is unknown.
func machine() string {
	info, _ := os.ReadFile("/proc/cpuinfo") // elsewhere there is no such file
	for line := range strings.Lines(string(info)) {
		if name, model, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(model)
		}
	}
	return runtime.GOOS + "/" + runtime.GOARCH
}

// Recorder adds figures to one case of one workload.
type Recorder struct {
	results        *Results
	workload, name string
}

// Case returns the recorder of a case.
func (r *Results) Case(workload, name string) Recorder { return Recorder{r, workload, name} }

// Timing adds a round's figure of something that differs from round to round.
func (c Recorder) Timing(contestant, metric string, v float64) {
	c.results.row(rowID{c.workload, c.name, metric, contestant}, false).add(v)
}

// Count adds a round's figure of something that a quiet machine repeats exactly.
func (c Recorder) Count(contestant, metric string, v float64) {
	c.results.row(rowID{c.workload, c.name, metric, contestant}, true).add(math.Round(v*1000) / 1000)
}

func (r *Results) row(id rowID, exact bool) *Row {
	row := r.index[id]
	if row == nil {
		row = &Row{Workload: id.workload, Case: id.name, Metric: id.metric, Contestant: id.contestant, Exact: exact}
		r.index[id] = row
		r.Rows = append(r.Rows, row)
	}
	return row
}

func (r *Row) add(v float64) {
	r.Rounds = append(r.Rounds, v)
	r.Median, r.Min, r.Max = Median(r.Rounds), slices.Min(r.Rounds), slices.Max(r.Rounds)
}

// Find returns a row, nil if nothing was measured.
func (r *Results) Find(workload, name, metric, contestant string) *Row {
	return r.index[rowID{workload, name, metric, contestant}]
}

// Merge adds the rows that another process wrote to a file.
func (r *Results) Merge(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("bench: merge: %w", err)
	}
	var rows []Row
	if err := json.Unmarshal(text, &rows); err != nil {
		return fmt.Errorf("bench: merge %s: %w", path, err)
	}
	for _, row := range rows {
		for _, v := range row.Rounds {
			r.row(rowID{row.Workload, row.Case, row.Metric, row.Contestant}, row.Exact).add(v)
		}
	}
	return nil
}

// Save writes the results as JSON.
func (r *Results) Save(path string) error {
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return fmt.Errorf("bench: save: %w", err)
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

// Median returns the middle of v, NaN if there is nothing.
func Median(v []float64) float64 {
	if len(v) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(v))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
