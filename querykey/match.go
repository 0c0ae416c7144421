package querykey

import "strings"

// Matches reports whether k falls under pattern: the parts of pattern match the
// first parts of k. Within parts, at every depth, a list matches by prefix, an
// object by subset (each member of the pattern's must be present in k's and
// match), any other value by equality. Invalid keys match nothing.
//
// A pattern without objects or lists costs a comparison of text. Matches
// allocates nothing.
func (k Key) Matches(pattern Key) bool {
	if k.err != nil || pattern.err != nil {
		return false
	}
	return matchList(k.enc, pattern.enc)
}

// matchList reports whether the elements of pattern match the first of list.
func matchList(list, pattern string) bool {
	if startsWith(list, pattern) {
		return true
	}
	if strings.IndexByte(pattern, '[') < 0 && strings.IndexByte(pattern, '{') < 0 {
		return false // scalars match by their text or not at all
	}
	for pattern != "" {
		if list == "" {
			return false
		}
		var got, want string
		got, list = cut(list)
		want, pattern = cut(pattern)
		if !matchValue(got, want) {
			return false
		}
	}
	return true
}

// startsWith reports whether list begins with exactly the elements of pattern.
// Equal canonical text means equal values, provided that the last element ends
// where the pattern does: 12 begins with the text of 1.
func startsWith(list, pattern string) bool {
	if pattern == "" {
		return true
	}
	return strings.HasPrefix(list, pattern) &&
		(len(list) == len(pattern) || list[len(pattern)] == ',')
}

// matchObject reports whether every member of pattern matches its namesake in
// object. Both are in the same order, so one pass over each is enough.
func matchObject(object, pattern string) bool {
	for pattern != "" {
		var name, want string
		name, want, pattern = cutMember(pattern)
		for {
			if object == "" {
				return false
			}
			var candidate, got string
			candidate, got, object = cutMember(object)
			if candidate != name {
				continue
			}
			if !matchValue(got, want) {
				return false
			}
			break
		}
	}
	return true
}

// matchValue reports whether one value matches another.
func matchValue(value, pattern string) bool {
	switch {
	case value == pattern:
		return true
	case value[0] == '[' && pattern[0] == '[':
		return matchList(inside(value), inside(pattern))
	case value[0] == '{' && pattern[0] == '{':
		return matchObject(inside(value), inside(pattern))
	default:
		return false
	}
}
