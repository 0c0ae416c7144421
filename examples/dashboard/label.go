package main

import (
	"strings"
	"unicode"

	"github.com/freshet-go/freshet/seller"
)

// label makes a name for people of an id such as ord_1_00121, which ends in a
// number; of any other id it is the id itself.
func label(id string) string {
	digits := id[strings.LastIndexByte(id, '_')+1:]
	number := strings.TrimLeft(digits, "0")
	if number == "" || len(digits) == len(id) || strings.Trim(number, "0123456789") != "" {
		return id
	}
	return "#" + number
}

func statusName(s seller.OrderStatus) string { return strings.ReplaceAll(string(s), "_", " ") }

// amount is the money's own text with its thousands set apart: $12,345.67.
func amount(m seller.Money) string {
	text := m.String()
	first := strings.IndexAny(text, "0123456789")
	if first < 0 {
		return text
	}
	end := first
	for end < len(text) && '0' <= text[end] && text[end] <= '9' {
		end++
	}
	whole := text[first:end]
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return text[:first] + whole + text[end:]
}

// clean keeps foreign text, such as the name of a buyer, from moving the cursor
// or forging a line.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
}
