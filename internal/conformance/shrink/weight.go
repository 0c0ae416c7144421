package shrink

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
)

// weight orders programs: fewer values are lighter, then smaller numbers, then
// shorter text. There is no endless descent in it.
type weight struct {
	values int
	amount float64
	length int
}

func (w weight) less(than weight) bool {
	return cmp.Or(
		cmp.Compare(w.values, than.values),
		cmp.Compare(w.amount, than.amount),
		cmp.Compare(w.length, than.length),
	) < 0
}

func weigh(p Program) weight {
	w := weight{length: len(text(p))}
	walk(p, nil, func(_ path, v any) {
		w.values++
		if n, ok := v.(float64); ok {
			w.amount += math.Abs(n)
		}
	})
	return w
}

// text is the same for equal values.
func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("shrink: not a JSON value: %v", err))
	}
	return string(b)
}
