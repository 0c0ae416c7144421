package conformance

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// A check reports what is wrong with a value; where says what it is.
type check func(where string, v any) error

// shape lists the members that an object may have. A name with an exclamation
// mark in front is required.
type shape map[string]check

// check reports members that are unknown, missing or wrong.
func (s shape) check(where string, v any) error {
	members, ok := v.(object)
	if !ok {
		return fmt.Errorf("%s must be an object", where)
	}
	for _, name := range sortedKeys(members) {
		verify, ok := s[name]
		if !ok {
			verify, ok = s["!"+name]
		}
		if !ok {
			return fmt.Errorf("%s: unknown member %s", where, name)
		}
		if err := verify(where+"."+name, members[name]); err != nil {
			return err
		}
	}
	for _, name := range sortedKeys(s) {
		if required, ok := strings.CutPrefix(name, "!"); ok {
			if _, ok := members[required]; !ok {
				return fmt.Errorf("%s: %s is missing", where, required)
			}
		}
	}
	return nil
}

func anything(string, any) error { return nil }

func text(where string, v any) error {
	if _, ok := v.(string); !ok {
		return fmt.Errorf("%s must be a string", where)
	}
	return nil
}

func boolean(where string, v any) error {
	if _, ok := v.(bool); !ok {
		return fmt.Errorf("%s must be true or false", where)
	}
	return nil
}

func integer(where string, v any) error {
	if n, ok := v.(float64); !ok || n != math.Trunc(n) || math.Abs(n) > 1<<53 {
		return fmt.Errorf("%s must be an integer", where)
	}
	return nil
}

// delay is a time span in milliseconds that a clock can hold.
func delay(where string, v any) error {
	if n, ok := v.(float64); !ok || n != math.Trunc(n) || n < 0 || n > 1e12 {
		return fmt.Errorf("%s must be a number of milliseconds", where)
	}
	return nil
}

func isObject(where string, v any) error {
	if _, ok := v.(object); !ok {
		return fmt.Errorf("%s must be an object", where)
	}
	return nil
}

func isList(where string, v any) error {
	if _, ok := v.(list); !ok {
		return fmt.Errorf("%s must be a list", where)
	}
	return nil
}

// each checks the elements of a list.
func each(verify check) check {
	return func(where string, v any) error {
		items, ok := v.(list)
		if !ok {
			return fmt.Errorf("%s must be a list", where)
		}
		for i, item := range items {
			if err := verify(fmt.Sprintf("%s[%d]", where, i), item); err != nil {
				return err
			}
		}
		return nil
	}
}

// every checks the members of an object whose names are free.
func every(verify check) check {
	return func(where string, v any) error {
		members, ok := v.(object)
		if !ok {
			return fmt.Errorf("%s must be an object", where)
		}
		for _, name := range sortedKeys(members) {
			if err := verify(where+"."+name, members[name]); err != nil {
				return err
			}
		}
		return nil
	}
}

// oneOf accepts the given values.
func oneOf(values ...any) check {
	return func(where string, v any) error {
		if !slices.ContainsFunc(values, func(x any) bool { return sameJSON(x, v) }) {
			return fmt.Errorf("%s must be one of %s", where, canonical(values))
		}
		return nil
	}
}

// either accepts what any of the checks accepts.
func either(checks ...check) check {
	return func(where string, v any) error {
		var err error
		for _, verify := range checks {
			if err = verify(where, v); err == nil {
				return nil
			}
		}
		return err
	}
}
