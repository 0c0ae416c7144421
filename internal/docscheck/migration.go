package docscheck

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxLeftOut is how many features may be left out on purpose. The table is there
// to show that this port is one; a longer list of excuses would say otherwise.
const maxLeftOut = 20

// verdicts are the words of the column "how", those that promise a name first.
func verdicts() []string { return []string{"done", "adapted", "missing", "left out", "n/a"} }

// CheckMigration returns what is wrong with a migration table. wanted are its
// rows, each as number and name such as "1.7 staleTime". Every one must be there
// once, under the section of its number and with a verdict; one that is done or
// adapted names something that the API declares, any other says why it does not.
// The counts at the top must be those of the rows.
func CheckMigration(document string, wanted []string, api *API) []string {
	m := migration{api: api, left: map[string]bool{}, found: map[string]int{}, claimed: map[string]string{}}
	for _, row := range wanted {
		m.left[row] = true
	}
	for _, t := range Tables(document) {
		switch {
		case slices.Equal(t.Header, []string{"#", "TanStack Query", "here", "how", "remark"}):
			for _, row := range t.Rows {
				m.row(t.Heading, row)
			}
		case slices.Equal(t.Header, []string{"how", "rows", "meaning"}):
			for _, row := range t.Rows {
				m.claimed[row[0]] = row[1]
			}
		default:
			m.object("a table under %q is of no known kind", t.Heading)
		}
	}
	for _, row := range wanted {
		if m.left[row] {
			m.object("%s is not there", row)
		}
	}
	for _, how := range verdicts() {
		if got := strconv.Itoa(m.found[how]); m.claimed[how] != got {
			m.object("%q says %q rows, there are %s", how, m.claimed[how], got)
		}
	}
	if n := m.found["left out"]; n > maxLeftOut {
		m.object("%d rows are left out, limit %d", n, maxLeftOut)
	}
	return m.problems
}

type migration struct {
	api      *API
	left     map[string]bool   // rows that were not seen yet
	found    map[string]int    // rows by verdict
	claimed  map[string]string // the same, as the top of the document has it
	problems []string
}

func (m *migration) object(format string, args ...any) {
	m.problems = append(m.problems, fmt.Sprintf(format, args...))
}

func (m *migration) row(heading string, row []string) {
	if len(row) != 5 {
		m.object("%s: a row of %d cells", row[0], len(row))
		return
	}
	number, here, how, remark := row[0], row[2], row[3], row[4]
	id := number + " " + strings.ReplaceAll(row[1], "`", "")
	if !m.left[id] {
		m.object("%s is there twice, or is no feature", id)
	}
	m.left[id] = false
	m.found[how]++

	section, _, _ := strings.Cut(number, ".")
	if !strings.HasPrefix(heading, section+". ") {
		m.object("%s is in section %q", id, heading)
	}
	known, unknown := m.api.Names(here)
	_, more := m.api.Names(remark)
	for _, reason := range slices.Concat(unknown, more) {
		m.object("%s: %s", id, reason)
	}
	switch how {
	case "done", "adapted":
		if len(known) == 0 {
			m.object("%s names nothing of the API", id)
		}
	case "missing", "left out", "n/a":
		if remark == "" {
			m.object("%s does not say why it is %s", id, how)
		}
	default:
		m.object("%s has no known verdict: %q", id, how)
	}
}
