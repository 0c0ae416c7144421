package conformance_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/internal/conformance"
)

var (
	scenarios  = flag.String("scenarios", "", "folder of scenarios to play instead of the corpus; all of them are required to pass")
	reportFile = flag.String("report", "", "file for the report, as JSON")
	times      = flag.Int("times", 1, "how often to play each scenario; one difference is enough to fail")
	carefully  = flag.Bool("carefully", false, "look at every millisecond")
)

const corpus = "testdata/scenarios"

// TestCorpus plays every scenario and fails for those of required categories
// that show something else than query-core. The others are listed.
func TestCorpus(t *testing.T) {
	dir := corpus
	if *scenarios != "" {
		dir = *scenarios
	}
	files, err := conformance.Load(os.DirFS(dir), ".")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	byCategory := map[string][]conformance.File{}
	for _, f := range files {
		category := "unreadable"
		if f.Err == nil {
			category = f.Scenario.Category()
		}
		byCategory[category] = append(byCategory[category], f)
	}
	report := conformance.NewReport()
	var mu sync.Mutex // guards report
	for category, files := range byCategory {
		required := *scenarios != "" || category == "unreadable" || slices.Contains(conformance.Required(), category)
		t.Run(category, func(t *testing.T) {
			for _, f := range files {
				name := f.Path
				if f.Err == nil {
					name = f.Scenario.Name
				}
				t.Run(strings.TrimPrefix(name, category+"/"), func(t *testing.T) {
					t.Parallel()
					problem, trace := "", []any(nil)
					for i := 0; i < *times && problem == ""; i++ {
						problem, trace = examine(t, f)
					}
					mu.Lock()
					defer mu.Unlock()
					switch {
					case problem == "":
						report.Pass(category)
						return
					case required:
						t.Errorf("%s\n%s", name, problem)
					default:
						t.Logf("not required: %s\n%s", name, problem)
					}
					report.Fail(category, conformance.Failure{Name: name, Problem: problem, Trace: trace})
				})
			}
		})
	}
	write(t, report)
}

func write(t *testing.T, report *conformance.Report) {
	t.Helper()
	t.Logf("%d of %d scenarios pass", report.Passed, report.Total)
	if *reportFile == "" {
		return
	}
	text, err := json.MarshalIndent(report, "", "  ")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(*reportFile, append(text, '\n'), 0o644))
}

// examine plays a scenario in a bubble and says what is wrong, if anything is.
func examine(t *testing.T, f conformance.File) (problem string, trace []any) {
	t.Helper()
	if f.Err != nil {
		return f.Err.Error(), nil
	}
	play := f.Scenario.Play
	if *carefully {
		play = f.Scenario.PlayCarefully
	}
	var err error
	// A bubble that cannot end panics in the goroutine that made it.
	defer func() {
		if v := recover(); v != nil {
			problem = fmt.Sprintf("the scenario does not end: %v\n%s", v, problem)
		}
	}()
	synctest.Test(t, func(*testing.T) { trace, err = play() })
	if err != nil {
		problem = err.Error() + "\n"
	}
	if d := conformance.Compare(f.Scenario.Expect, trace); d != nil && (err == nil || d.Got != nil) {
		problem += d.String()
	}
	if problem == "" {
		for _, failure := range f.Scenario.FailedPins(trace) {
			problem += failure + "\n"
		}
	}
	return problem, trace
}
