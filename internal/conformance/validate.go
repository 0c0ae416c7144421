package conformance

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strings"
)

// validate reports the first thing in a scenario that the format does not know.
func validate(root object) error {
	err := shape{
		"!name": text, "category": text, "!about": text, "quirk": anything,
		"client": config, "vars": isObject, "fns": every(functionShape),
		"!steps": each(isObject), "pins": each(isObject), "expect": each(isObject),
	}.check("scenario", root)
	if err != nil {
		return err
	}
	shapes := stepShapes()
	used := names{promises: map[string]bool{}, observers: map[string]bool{}}
	for i, step := range objects(root["steps"]) {
		do, _ := step["do"].(string)
		where := fmt.Sprintf("steps[%d] %s", i, do)
		s, ok := shapes[do]
		if !ok {
			return fmt.Errorf("%s: unknown step", where)
		}
		if err := s.check(where, step); err != nil {
			return err
		}
		if err := used.add(do, step); err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
	}
	return nil
}

// names are those that may be given only once.
type names struct{ promises, observers map[string]bool }

func (n names) add(do string, step object) error {
	if err := valueOrUpdate(do, step); err != nil {
		return err
	}
	if as, ok := step["as"].(string); ok && do != "dehydrate" {
		if n.promises[as] {
			return fmt.Errorf("promise %s is used twice", as)
		}
		n.promises[as] = true
	}
	if id, ok := step["id"].(string); ok && strings.HasPrefix(do, "observe") {
		if n.observers[id] {
			return fmt.Errorf("observer %s exists", id)
		}
		n.observers[id] = true
	}
	return nil
}

func valueOrUpdate(do string, step object) error {
	if do != "setQueryData" && do != "setQueriesData" {
		return nil
	}
	_, value := step["value"]
	_, update := step["update"]
	if value == update {
		return errors.New("give either value or update")
	}
	return nil
}

func functionShape(where string, v any) error {
	response := func(where string, v any) error {
		err := shape{
			"after": delay, "value": anything, "error": text, "never": boolean,
			"set": isObject, "update": every(updaterCheck),
		}.check(where, v)
		if err != nil {
			return err
		}
		r := as[object](v)
		_, value := r["value"]
		_, failure := r["error"]
		if !value && !failure && r["never"] != true {
			return fmt.Errorf("%s: a response needs value, error or never", where)
		}
		return nil
	}
	err := shape{
		"responses": each(response), "counter": boolean, "after": delay,
		"usesSignal": oneOf(true, false, "watch"),
	}.check(where, v)
	if err != nil {
		return err
	}
	def := as[object](v)
	responses, _ := def["responses"].(list)
	if def["counter"] != true && len(responses) == 0 {
		return fmt.Errorf("%s has no responses", where)
	}
	return nil
}

// queryFilters checks the filters of a step, with more members that it allows.
func queryFilters(more shape) check {
	members := shape{
		"queryKey": isList, "exact": boolean, "type": oneOf("active", "inactive", "all"), "stale": boolean,
		"fetchStatus": oneOf("idle", "fetching", "paused"),
		"predicate":   operatorCheck(queryPredicates()),
	}
	maps.Copy(members, more)
	return members.check
}

func mutationFilters() check {
	return shape{
		"mutationKey": isList, "exact": boolean,
		"status":    oneOf("idle", "pending", "success", "error"),
		"predicate": operatorCheck(mutationPredicates()),
	}.check
}

// operatorCheck accepts the operators that have a shape.
func operatorCheck(known map[string]shape) check {
	return func(where string, v any) error {
		name, _, ok := operator(v)
		if !ok {
			return fmt.Errorf("%s must be an operator", where)
		}
		s, ok := known[name]
		if !ok {
			return fmt.Errorf("%s has no operator %s", where, name)
		}
		return s.check(where, v)
	}
}

func queryPredicates() map[string]shape {
	return map[string]shape{
		"$keyIncludes": {"$keyIncludes": anything},
		"$status":      {"$status": text},
		"$data":        {"$data": shape{"!path": text, "!equals": anything}.check},
		"$invalidated": {"$invalidated": boolean},
	}
}

func mutationPredicates() map[string]shape {
	return map[string]shape{
		"$variables": {"$variables": shape{"!path": text, "!equals": anything}.check},
		"$paused":    {"$paused": boolean},
	}
}

var callbackName = regexp.MustCompile(`^on(Mutate|Success|Error|Settled)$`)

func config(where string, v any) error {
	callbacks := func(where string, v any) error {
		if err := every(callbackCheck)(where, v); err != nil {
			return err
		}
		for name := range as[object](v) {
			if !callbackName.MatchString(name) {
				return fmt.Errorf("%s: unknown member %s", where, name)
			}
		}
		return nil
	}
	logged := shape{}.check
	return shape{
		"defaultOptions": defaultsCheck, "mutationCache": callbacks, "mounted": boolean,
		"queryCache": shape{"onSuccess": logged, "onError": logged, "onSettled": logged}.check,
	}.check(where, v)
}

func defaultsCheck(where string, v any) error {
	return shape{"queries": queryOptionsCheck(false), "mutations": mutationOptionsCheck}.check(where, v)
}

func queryOptionsCheck(needKey bool) check {
	return func(where string, v any) error {
		if err := isObject(where, v); err != nil {
			return err
		}
		if _, ok := as[object](v)["queryKey"]; needKey && !ok {
			return fmt.Errorf("%s: queryKey is missing", where)
		}
		return queryOptionShapes().check(where, v)
	}
}

func mutationOptionsCheck(where string, v any) error {
	return mutationOptionShapes().check(where, v)
}
