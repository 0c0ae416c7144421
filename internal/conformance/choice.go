package conformance

import (
	"fmt"
	"math"
	"strconv"

	"github.com/freshet-go/freshet/query"
)

// A choice computes the value of an option from the state of the query.
type choice func(s query.State[any]) any

// chosen returns the choice that an operator stands for, with every value it
// can come to; ok is false for constants.
func chosen(v any) (pick choice, outcomes []any, ok bool) {
	name, op, ok := operator(v)
	if !ok {
		return nil, nil, false
	}
	switch name {
	case "$byData":
		spec := as[object](op[name])
		return func(s query.State[any]) any { return byData(spec, data(s)) },
			append(values(as[object](spec["map"])), fallback(spec)), true
	case "$byStatus":
		spec := as[object](op[name])
		return func(s query.State[any]) any {
			if hit, ok := spec[string(s.Status())]; ok {
				return hit
			}
			return fallback(spec)
		}, append(values(spec), fallback(spec)), true
	}
	pick, outcomes = chosenInterval(name, op)
	return pick, outcomes, pick != nil
}

func chosenInterval(name string, op object) (choice, []any) {
	on := op["every"]
	switch name {
	case "$untilDataEquals":
		spec := as[object](op[name])
		return func(s query.State[any]) any {
			if s.HasData() && sameJSON(at(data(s), as[string](spec["path"])), spec["value"]) {
				return false
			}
			return on
		}, list{on}
	case "$maxFetches":
		return func(s query.State[any]) any {
			if float64(s.DataUpdateCount()) < as[float64](op[name]) {
				return on
			}
			return false
		}, list{on}
	case "$byPresence":
		spec := as[object](op[name])
		outcomes := list{fallback(spec)}
		for _, rule := range objects(spec["rules"]) {
			outcomes = append(outcomes, rule["every"])
		}
		return func(s query.State[any]) any { return byPresence(spec, data(s)) }, outcomes
	case "$backoffOnFailure":
		spec := as[object](op[name])
		return func(s query.State[any]) any {
			steps := min(float64(s.ErrorUpdateCount()), as[float64](spec["maxSteps"]))
			return as[float64](spec["base"]) * math.Exp2(steps)
		}, nil
	}
	return nil, nil
}

func byData(spec object, v any) any {
	var word string
	switch v := at(v, spec["path"].(string)).(type) {
	case string:
		word = v
	case nil:
		word = "null"
	case bool, float64:
		word = canonical(v)
	default:
		return fallback(spec)
	}
	if hit, ok := as[object](spec["map"])[word]; ok {
		return hit
	}
	return fallback(spec)
}

// byPresence lets the first rule decide whose status any of the items has.
func byPresence(spec object, v any) any {
	items, _ := at(v, spec["path"].(string)).(list)
	for _, rule := range objects(spec["rules"]) {
		for _, item := range items {
			if sameJSON(at(item, as[string](spec["field"])), rule["is"]) {
				return rule["every"]
			}
		}
	}
	return fallback(spec)
}

func fallback(spec object) any {
	if v, ok := spec["else"]; ok {
		return v
	}
	return absent
}

func values(m object) []any {
	var out []any
	for _, k := range sortedKeys(m) {
		out = append(out, m[k])
	}
	return out
}

// data returns the data of an entry as JSON, or absent.
func data(s query.State[any]) any {
	if !s.HasData() {
		return absent
	}
	return shown(s.Data())
}

// policyOf compiles an option that is a constant or a choice. All outcomes of a
// choice are tried beforehand, so that a wrong one is an error of the scenario.
func policyOf[P any](v any, constant func(any) (P, error)) (fixed P, dynamic func(query.State[any]) P, err error) {
	pick, outcomes, ok := chosen(v)
	if !ok {
		fixed, err = constant(v)
		return fixed, nil, err
	}
	for _, outcome := range outcomes {
		if _, err := constant(outcome); err != nil {
			return fixed, nil, err
		}
	}
	return fixed, func(s query.State[any]) P {
		p, err := constant(pick(s))
		if err != nil {
			panic(err) // every outcome has been tried
		}
		return p
	}, nil
}

func choiceShapes() map[string]shape {
	path := shape{"!path": text, "!map": isObject, "else": anything}
	return map[string]shape{
		"$byData": {"$byData": path.check},
		"$byStatus": {"$byStatus": shape{
			"pending": anything, "success": anything, "error": anything, "else": anything,
		}.check},
	}
}

func intervalShapes() map[string]shape {
	rule := shape{"!is": anything, "!every": anything}
	shapes := choiceShapes()
	shapes["$untilDataEquals"] = shape{"$untilDataEquals": shape{"!path": text, "!value": anything}.check, "!every": anything}
	shapes["$maxFetches"] = shape{"$maxFetches": integer, "!every": anything}
	shapes["$byPresence"] = shape{"$byPresence": shape{
		"!path": text, "!field": text, "!rules": each(rule.check), "else": anything,
	}.check}
	shapes["$backoffOnFailure"] = shape{"$backoffOnFailure": shape{"!base": delay, "!maxSteps": smallCount}.check}
	return shapes
}

// smallCount bounds the doublings of an interval to what a clock can hold.
func smallCount(where string, v any) error {
	if n, ok := v.(float64); !ok || n != math.Trunc(n) || n < 0 || n > 20 {
		return fmt.Errorf("%s must be a number from 0 to 20, not %s", where, strconv.Quote(canonical(v)))
	}
	return nil
}
