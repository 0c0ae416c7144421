package conformance

import "fmt"

// queryOptionShapes lists the options of queries. Constants are checked by
// compiling them, operators by their shape first.
func queryOptionShapes() shape {
	field := func(v any) error { _, err := fields(v); return err }
	options := shape{
		"queryKey":                    isList,
		"queryFn":                     option(text, map[string]shape{"$skip": {"$skip": oneOf(true)}}),
		"refetchIntervalInBackground": option(boolean, nil),
		"retryOnMount":                option(boolean, nil),
		"structuralSharing":           option(boolean, map[string]shape{"$keepWhenSame": {"$keepWhenSame": text}}),
		"select":                      option(nil, selectorShapes()),
		"placeholderData": option(anything, map[string]shape{
			"$keepPrevious": {"$keepPrevious": oneOf(true)}, "$fromPrevious": {"$fromPrevious": text},
		}),
		"initialData":          option(anything, map[string]shape{"$lazy": {"$lazy": anything}}),
		"initialDataUpdatedAt": option(either(oneOf("never"), integer), nil),
		"notifyOnChangeProps":  option(compiling(field), nil),
		"meta":                 option(isObject, nil),
		"revalidateIfStale":    option(boolean, nil),
		"initialPageParam":     option(anything, nil),
		"getNextPageParam":     option(nil, pageShapes()),
		"getPreviousPageParam": option(nil, pageShapes()),
		"maxPages":             option(integer, nil),
		"pages":                option(integer, nil),
	}
	return merged(options, policyShapes())
}

func policyShapes() shape {
	compiled := func(name string) check {
		return compiling(func(v any) error { _, err := policyOptions(object{name: v}); return err })
	}
	pick := func(name string, known map[string]shape) check {
		verify := compiled(name)
		return option(verify, known, verify)
	}
	shapes := shape{
		"staleTime":       pick("staleTime", choiceShapes()),
		"gcTime":          pick("gcTime", nil),
		"refetchInterval": pick("refetchInterval", intervalShapes()),
		"enabled": pick("enabled", map[string]shape{
			"$whenDataAbsent": {"$whenDataAbsent": oneOf(true)},
			"$unlessData":     {"$unlessData": shape{"!path": text, "!equals": anything}.check},
		}),
		"retry": pick("retry", map[string]shape{
			"$untilFailureCount": {"$untilFailureCount": integer},
			"$errorIs":           {"$errorIs": text, "max": integer},
		}),
		"retryDelay": pick("retryDelay", map[string]shape{
			"$exp":    {"$exp": shape{"!base": delay, "!max": delay}.check},
			"$linear": {"$linear": shape{"!step": delay}.check},
		}),
		"networkMode": pick("networkMode", nil),
	}
	for _, name := range []string{"refetchOnMount", "refetchOnWindowFocus", "refetchOnReconnect"} {
		shapes[name] = pick(name, choiceShapes())
	}
	return shapes
}

// mutationOptionShapes lists the options of mutations.
func mutationOptionShapes() shape {
	shapes := shape{
		"mutationKey": option(isList, nil), "mutationFn": option(text, nil),
		"scope": option(shape{"!id": text}.check, nil), "meta": option(isObject, nil),
	}
	for _, name := range []string{"onMutate", "onSuccess", "onError", "onSettled"} {
		shapes[name] = option(callbackCheck, nil)
	}
	policies := policyShapes()
	for _, name := range []string{"retry", "retryDelay", "networkMode", "gcTime"} {
		shapes[name] = policies[name]
	}
	return shapes
}

func pageShapes() map[string]shape {
	return map[string]shape{
		"$none":      {"$none": oneOf(true)},
		"$plus":      {"$plus": integer, "until": integer, "downTo": integer},
		"$field":     {"$field": text},
		"$pageCount": {"$pageCount": integer},
	}
}

// option accepts a constant, one of the known operators, which may have to pass
// more checks, or $unset. A nil constant leaves operators only.
func option(constant check, known map[string]shape, more ...check) check {
	return func(where string, v any) error {
		name, _, ok := operator(v)
		switch {
		case ok && name == "$unset":
			return shape{"$unset": oneOf(true)}.check(where, v)
		case !ok && constant == nil:
			return fmt.Errorf("%s must be an operator", where)
		case !ok:
			return constant(where, v)
		}
		if err := operatorCheck(known)(where, v); err != nil {
			return err
		}
		for _, verify := range more {
			if err := verify(where, v); err != nil {
				return err
			}
		}
		return nil
	}
}

// compiling accepts what compiles.
func compiling(compile func(any) error) check {
	return func(where string, v any) error {
		if err := compile(v); err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
		return nil
	}
}
