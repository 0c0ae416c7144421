package conformance

import (
	"cmp"
	"fmt"
	"strings"
)

// SideBySide shows two whole traces, record beside record of the same moment,
// and marks what differs. A moment that one of them has no record of is all
// marked.
func SideBySide(expected, got []any) string {
	var b strings.Builder
	for len(expected) > 0 || len(got) > 0 {
		var want, have any
		order := compareMoments(expected, got)
		if order <= 0 {
			want, expected = expected[0], expected[1:]
		}
		if order >= 0 {
			have, got = got[0], got[1:]
		}
		at, mark := title(want), ""
		if want == nil {
			at = title(have)
		}
		if order != 0 || !sameJSON(want, have) {
			mark = "  <-- differs"
		}
		fmt.Fprintf(&b, "%s%s\n", at, mark)
		writeColumns(&b, withoutMoment(want), withoutMoment(have))
	}
	return b.String()
}

// compareMoments says which of the first records is the earlier one. The last
// record, which tells the end, follows all others.
func compareMoments(a, b []any) int {
	switch {
	case len(a) == 0:
		return 1
	case len(b) == 0:
		return -1
	}
	stepA, timeA := moment(a[0])
	stepB, timeB := moment(b[0])
	return cmp.Or(cmp.Compare(stepA, stepB), cmp.Compare(timeA, timeB))
}

// afterAll is the step of the record that has none.
const afterAll = 1 << 53

func moment(record any) (step, t float64) {
	members, _ := record.(object)
	step, ok := members["step"].(float64)
	if !ok {
		return afterAll, 0
	}
	t, _ = members["t"].(float64)
	return step, t
}

func title(record any) string {
	step, t := moment(record)
	if step == afterAll {
		return "end"
	}
	return fmt.Sprintf("step %v, t=%v", step, t)
}

func withoutMoment(record any) any {
	members, ok := record.(object)
	if !ok {
		return nil
	}
	out := shallow(members)
	delete(out, "step")
	delete(out, "t")
	return out
}
