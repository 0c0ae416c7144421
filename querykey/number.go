package querykey

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// Numbers are written as JavaScript writes them, so that equal decimals have
// equal text: plain digits from 1e-6 up to but excluding 1e21, an exponent
// outside of that, no needless zeros, and no negative zero.

// maxExponent bounds the exponents of numbers read from text. It is far beyond
// any float64 and lets all arithmetic on exponents fit an int.
const maxExponent = 9999

// maxPlain is the exponent from which a number is written with an exponent.
const maxPlain = 21

// minPlain is the exponent up to which a fraction is written with an exponent.
const minPlain = -6

// appendFloat appends the shortest decimal that reads back as f, which holds a
// float of the given size in bits.
func appendFloat(dst []byte, f float64, bits int) ([]byte, *PartError) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, &PartError{
			Type:   "float" + strconv.Itoa(bits),
			Reason: "is not a finite number",
		}
	}
	// Up to here every integer is its own shortest decimal.
	const exact = 1 << 53
	if whole := int64(f); bits == 64 && float64(whole) == f && -exact < whole && whole < exact {
		return strconv.AppendInt(dst, whole, 10), nil
	}
	var scratch [32]byte
	text := strconv.AppendFloat(scratch[:0], f, 'e', -1, bits)
	dec, _ := parseDecimal(string(text))
	return dec.appendTo(dst), nil
}

// appendNumber appends the decimal that n denotes. Like encoding/json it takes
// the empty Number for 0.
func appendNumber(dst []byte, n json.Number) ([]byte, *PartError) {
	if n == "" {
		return append(dst, '0'), nil
	}
	dec, fault := parseDecimal(string(n))
	if fault != "" {
		return nil, &PartError{Type: "json.Number", Reason: fault}
	}
	return dec.appendTo(dst), nil
}

// decimal is ±0.digits × 10^point. The digits neither begin nor end with a
// zero, so that equal numbers are equal decimals; those of zero are empty.
type decimal struct {
	negative bool
	digits   string
	point    int
}

// parseDecimal reads a JSON number that text consists of, or says in fault what
// is wrong with it.
func parseDecimal(text string) (dec decimal, fault string) {
	rest, negative := strings.CutPrefix(text, "-")
	whole, rest := cutDigits(rest)
	if whole == "" || len(whole) > 1 && whole[0] == '0' {
		return decimal{}, "is not a JSON number"
	}
	var fraction string
	if after, ok := strings.CutPrefix(rest, "."); ok {
		if fraction, rest = cutDigits(after); fraction == "" {
			return decimal{}, "is not a JSON number"
		}
	}
	exponent, ok := parseExponent(rest)
	if !ok {
		return decimal{}, "is not a JSON number"
	}
	all := whole + fraction
	digits := strings.TrimLeft(all, "0")
	if digits == "" {
		return decimal{}, ""
	}
	dec = decimal{
		negative: negative,
		digits:   strings.TrimRight(digits, "0"),
		point:    len(whole) - (len(all) - len(digits)) + exponent,
	}
	if dec.point > maxExponent || dec.point < -maxExponent {
		return decimal{}, "has an exponent out of range"
	}
	return dec, ""
}

// cutDigits splits the decimal digits off the front of text.
func cutDigits(text string) (digits, rest string) {
	n := 0
	for n < len(text) && '0' <= text[n] && text[n] <= '9' {
		n++
	}
	return text[:n], text[n:]
}

// parseExponent reads the exponent of a number, 0 if text is empty. An exponent
// too big for the purpose is cut short but stays out of range.
func parseExponent(text string) (exponent int, ok bool) {
	if text == "" {
		return 0, true
	}
	if text[0] != 'e' && text[0] != 'E' {
		return 0, false
	}
	rest, negative := strings.CutPrefix(text[1:], "-")
	if !negative {
		rest = strings.TrimPrefix(rest, "+")
	}
	digits, rest := cutDigits(rest)
	if digits == "" || rest != "" {
		return 0, false
	}
	for _, d := range []byte(digits) {
		exponent = min(exponent*10+int(d-'0'), math.MaxInt32/16)
	}
	if negative {
		exponent = -exponent
	}
	return exponent, true
}

// appendTo appends the canonical text of d.
func (d decimal) appendTo(dst []byte) []byte {
	if d.digits == "" {
		return append(dst, '0')
	}
	if d.negative {
		dst = append(dst, '-')
	}
	switch {
	case d.point > maxPlain || d.point <= minPlain:
		return d.appendScientific(dst)
	case d.point <= 0:
		dst = append(dst, "0."...)
		dst = appendZeros(dst, -d.point)
		return append(dst, d.digits...)
	case d.point < len(d.digits):
		dst = append(dst, d.digits[:d.point]...)
		dst = append(dst, '.')
		return append(dst, d.digits[d.point:]...)
	default:
		dst = append(dst, d.digits...)
		return appendZeros(dst, d.point-len(d.digits))
	}
}

// appendScientific appends the digits of d with an exponent.
func (d decimal) appendScientific(dst []byte) []byte {
	dst = append(dst, d.digits[0])
	if len(d.digits) > 1 {
		dst = append(dst, '.')
		dst = append(dst, d.digits[1:]...)
	}
	dst = append(dst, 'e')
	if d.point > 0 {
		dst = append(dst, '+')
	}
	return strconv.AppendInt(dst, int64(d.point-1), 10)
}

func appendZeros(dst []byte, n int) []byte {
	for range n {
		dst = append(dst, '0')
	}
	return dst
}

// goNumber returns the number with the given canonical text as the first of
// int64, uint64, float64 and json.Number that holds it exactly.
func goNumber(text string) any {
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return i
	}
	if u, err := strconv.ParseUint(text, 10, 64); err == nil {
		return u
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil {
		if back, fault := appendFloat(nil, f, 64); fault == nil && string(back) == text {
			return f
		}
	}
	return json.Number(text)
}
