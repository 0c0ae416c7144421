package conformance

import (
	"fmt"
	"maps"
)

// stepShapes lists the steps and their members.
func stepShapes() map[string]shape {
	query := queryOptionsCheck(true)
	fetching := shape{"cancelRefetch": boolean, "throwOnError": boolean}.check
	filters := queryFilters(nil)
	write := shape{"value": anything, "update": updaterCheck, "updatedAt": integer}
	fetch := shape{"as": text, "!options": query}
	imperative := shape{"!id": text, "options": fetching, "as": text}
	filtered := shape{"filters": filters, "options": fetching, "as": text}
	steps := map[string]shape{
		"advance":        {"!ms": delay},
		"observe":        {"!id": text, "!options": query, "watch": each(text)},
		"observeQueries": {"!id": text, "!queries": each(query)},
		"setQueries":     {"!id": text, "!queries": each(query)},
		"setOptions":     {"!id": text, "!options": queryOptionsCheck(false)},
		"unobserve":      {"!id": text},
		"resubscribe":    {"!id": text},
		"refetch":        imperative, "fetchNextPage": imperative, "fetchPreviousPage": imperative,

		"fetchQuery": fetch, "query": fetch, "ensureQueryData": fetch, "prefetchQuery": fetch,
		"fetchInfiniteQuery": fetch, "infiniteQuery": fetch,
		"ensureInfiniteQueryData": fetch, "prefetchInfiniteQuery": fetch,

		"getQueryData": {"!key": isList}, "getQueryState": {"!key": isList},
		"getQueriesData": {"filters": filters}, "findQueries": {"filters": filters},
		"findMutations": {"filters": mutationFilters()},
		"isFetching":    {"filters": filters}, "isMutating": {"filters": mutationFilters()},
		"setQueryData":      merged(write, shape{"!key": isList}),
		"setQueriesData":    merged(write, shape{"filters": filters}),
		"invalidateQueries": merged(filtered, shape{"filters": invalidateFilters()}),
		"refetchQueries":    filtered, "resetQueries": filtered,
		"cancelQueries": {"filters": filters, "options": shape{"revert": boolean, "silent": boolean}.check, "as": text},
		"removeQueries": {"filters": filters}, "clear": {},
		"setQueryDefaults":    {"!key": isList, "!options": queryOptionsCheck(false)},
		"setMutationDefaults": {"!key": isList, "!options": mutationOptionsCheck},
		"setDefaultOptions":   {"!options": defaultsCheck},

		"observeMutation":       {"!id": text, "!options": mutationOptionsCheck},
		"setMutationOptions":    {"!id": text, "!options": mutationOptionsCheck},
		"mutate":                {"!id": text, "variables": anything, "as": text, "onSuccess": callbackCheck, "onError": callbackCheck, "onSettled": callbackCheck},
		"resetMutation":         {"!id": text},
		"clientMutate":          {"!options": mutationOptionsCheck, "variables": anything, "as": text},
		"resumePausedMutations": {"as": text},

		"setFocused": {"!value": oneOf(true, false, nil)}, "setOnline": {"!value": boolean},
		"setVar": {"!name": text, "!value": anything}, "mount": {}, "unmount": {},
		"newClient": {"!id": text, "config": config},
		"dehydrate": {"!as": text, "options": dehydrateOptions, "print": boolean},
		"hydrate":   {"!from": text, "options": defaultsCheck},
	}
	steps["observeInfinite"] = steps["observe"]
	for name, s := range steps {
		steps[name] = merged(s, shape{"!do": text, "client": text, "note": text})
	}
	return steps
}

func invalidateFilters() check {
	return queryFilters(shape{"refetchType": oneOf("active", "inactive", "all", "none")})
}

func dehydrateOptions(where string, v any) error {
	statuses := each(oneOf("pending", "success", "error"))
	return shape{
		"queries":   either(oneOf("all", "none"), statuses),
		"mutations": oneOf("all", "none"),
	}.check(where, v)
}

func merged(a, b shape) shape {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

// callbackCheck accepts the callbacks of mutations and the operations in them.
func callbackCheck(where string, v any) error {
	return shape{"ops": each(operationCheck), "throw": text}.check(where, v)
}

func operationCheck(where string, v any) error {
	filters := queryFilters(nil)
	fetching := shape{"cancelRefetch": boolean, "throwOnError": boolean}.check
	awaited := shape{"filters": filters, "options": fetching, "await": boolean}
	write := shape{"value": anything, "update": updaterCheck, "updatedAt": integer}
	known := map[string]shape{
		"snapshot":          {"!key": isList, "name": text},
		"context":           {"!value": anything},
		"rollback":          {"!key": isList, "name": text},
		"wait":              {"!ms": delay},
		"setVar":            {"!name": text, "!value": anything},
		"setQueryData":      merged(write, shape{"!key": isList}),
		"setQueriesData":    merged(write, shape{"filters": filters}),
		"invalidateQueries": merged(awaited, shape{"filters": invalidateFilters()}),
		"refetchQueries":    awaited, "resetQueries": awaited,
		"cancelQueries": {"filters": filters, "options": shape{"revert": boolean, "silent": boolean}.check, "await": boolean},
		"removeQueries": {"filters": filters},
		"mutate":        {"!id": text, "variables": anything},
	}
	op, _ := v.(object)
	do, _ := op["do"].(string)
	s, ok := known[do]
	if !ok {
		return fmt.Errorf("%s: unknown op %s", where, do)
	}
	if err := merged(s, shape{"!do": text}).check(where, v); err != nil {
		return err
	}
	if err := valueOrUpdate(do, op); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	return nil
}
