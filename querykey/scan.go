package querykey

import "strings"

// The functions of this file read canonical text, the encoding of a valid key:
// no white space, no syntax errors. A list is its elements joined by commas and
// an object its members joined by commas, both without the outer brackets.

// cut splits a list that is not empty into its first element and the others.
func cut(list string) (first, rest string) {
	end := valueEnd(list)
	if end == len(list) {
		return list, ""
	}
	return list[:end], list[end+1:]
}

// cutMember splits an object that is not empty into the quoted name and the
// value of its first member, and the other members.
func cutMember(object string) (name, value, rest string) {
	end := stringEnd(object)
	value, rest = cut(object[end+1:])
	return object[:end], value, rest
}

// inside strips the brackets or braces around a container's contents.
func inside(container string) string {
	return container[1 : len(container)-1]
}

// valueEnd returns the length of the first value in list.
func valueEnd(list string) int {
	switch list[0] {
	case '"':
		return stringEnd(list)
	case '[', '{':
		return containerEnd(list)
	}
	if comma := strings.IndexByte(list, ','); comma >= 0 {
		return comma
	}
	return len(list)
}

// stringEnd returns the length of the string that text starts with.
func stringEnd(text string) int {
	i := 1
	for text[i] != '"' {
		if text[i] == '\\' {
			i++
		}
		i++
	}
	return i + 1
}

// containerEnd returns the length of the container that text starts with.
func containerEnd(text string) int {
	open := 0
	for i := 0; ; {
		switch text[i] {
		case '"':
			i += stringEnd(text[i:])
			continue
		case '[', '{':
			open++
		case ']', '}':
			open--
		}
		i++
		if open == 0 {
			return i
		}
	}
}

// nesting returns how many containers the deepest value in list is inside of.
func nesting(list string) int {
	open, deepest := 0, 0
	for i := 0; i < len(list); {
		switch list[i] {
		case '"':
			i += stringEnd(list[i:])
			continue
		case '[', '{':
			open++
			deepest = max(deepest, open)
		case ']', '}':
			open--
		}
		i++
	}
	return deepest
}
