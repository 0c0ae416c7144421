package conformance

// A selector computes what an observer shows from the data of its query.
type selector = func(data any) (any, error)

// newSelector compiles a selector; validate has checked its shape.
func newSelector(v any) selector {
	name, op, _ := operator(v)
	spec := op[name]
	switch name {
	case "$pick":
		return func(v any) (any, error) { return orNull(at(v, as[string](spec))), nil }
	case "$map":
		return eachItem(func(item any) (any, bool) { return orNull(at(item, as[string](spec))), true })
	case "$filter":
		return eachItem(func(item any) (any, bool) { return item, matches(item, as[object](spec)) })
	case "$find":
		return func(v any) (any, error) {
			items, ok := v.(list)
			if !ok {
				return nil, notAList(v)
			}
			for _, item := range items {
				if matches(item, as[object](spec)) {
					return item, nil
				}
			}
			return nil, nil
		}
	case "$wrap":
		return func(v any) (any, error) { return object{as[string](spec): v}, nil }
	case "$length":
		return func(v any) (any, error) {
			items, ok := v.(list)
			if !ok {
				return nil, notAList(v)
			}
			return float64(len(items)), nil
		}
	case "$flatPages":
		return flatPages
	case "$throw":
		return func(any) (any, error) { return nil, &scriptedError{as[string](spec)} }
	default: // $throwWhen
		return func(v any) (any, error) {
			when := as[object](spec)
			if sameJSON(at(v, as[string](when["path"])), when["equals"]) {
				return nil, &scriptedError{as[string](when["message"])}
			}
			return v, nil
		}
	}
}

// eachItem maps the items of a list and leaves out those that keep is false of.
func eachItem(f func(item any) (mapped any, keep bool)) selector {
	return func(v any) (any, error) {
		items, ok := v.(list)
		if !ok {
			return nil, notAList(v)
		}
		out := emptyList(0)
		for _, item := range items {
			if mapped, keep := f(item); keep {
				out = append(out, mapped)
			}
		}
		return out, nil
	}
}

// flatPages joins the pages of an infinite query. A page that is not a list is
// one item, as in JavaScript's flat.
func flatPages(v any) (any, error) {
	pages, ok := at(v, "pages").(list)
	if !ok {
		return nil, notAList(v)
	}
	out := emptyList(0)
	for _, page := range pages {
		if items, ok := page.(list); ok {
			out = append(out, items...)
		} else {
			out = append(out, page)
		}
	}
	return out, nil
}

func notAList(v any) error {
	return &scriptedError{"a selector for lists met " + canonical(v)}
}

func orNull(v any) any {
	if v == absent {
		return nil
	}
	return v
}

func selectorShapes() map[string]shape {
	return map[string]shape{
		"$pick":      {"$pick": text},
		"$map":       {"$map": text},
		"$filter":    {"$filter": isObject},
		"$find":      {"$find": isObject},
		"$wrap":      {"$wrap": text},
		"$length":    {"$length": oneOf(true)},
		"$flatPages": {"$flatPages": oneOf(true)},
		"$throw":     {"$throw": text},
		"$throwWhen": {"$throwWhen": shape{"!path": text, "!equals": anything, "!message": text}.check},
	}
}
