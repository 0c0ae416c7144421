package server

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/freshet-go/freshet/seller"
)

// isoMillis is how cursors spell times, so that they compare as text too.
const isoMillis = "2006-01-02T15:04:05.000Z"

// window says which part of a list a caller wants.
type window struct {
	cursor string
	limit  int
}

// place is a row's position in a list: newest first, then by falling id.
type place struct {
	created time.Time
	id      string
}

func (p place) compare(q place) int {
	return cmp.Or(q.created.Compare(p.created), cmp.Compare(q.id, p.id))
}

// mark is what a cursor holds: the last row seen, and a tag of the filter it is good for.
type mark struct {
	Created string `json:"k"`
	ID      string `json:"i"`
	Filter  string `json:"f"`
}

// pageOf cuts a page out of rows. A page continues after the place of its cursor, so rows
// that arrive in between neither repeat nor hide others.
func pageOf[R, T any](rows []R, want window, filter string, at func(R) place, show func(R) T) (seller.Page[T], error) {
	rows = slices.Clone(rows)
	slices.SortFunc(rows, func(a, b R) int { return at(a).compare(at(b)) })
	tag := strconv.FormatUint(uint64(hash("cursor|"+filter+"|")), 36)

	page := seller.Page[T]{Items: []T{}, Total: len(rows)}
	if want.cursor != "" {
		last, err := readCursor(want.cursor, tag)
		if err != nil {
			return page, err
		}
		rows = slices.DeleteFunc(rows, func(r R) bool { return at(r).compare(last) <= 0 })
	}
	for _, r := range rows[:min(want.limit, len(rows))] {
		page.Items = append(page.Items, show(r))
	}
	if n := len(page.Items); n > 0 && n < len(rows) {
		page.NextCursor = writeCursor(at(rows[n-1]), tag)
	}
	return page, nil
}

func writeCursor(p place, tag string) seller.Cursor {
	raw, err := json.Marshal(mark{Created: p.created.Format(isoMillis), ID: p.id, Filter: tag})
	if err != nil {
		panic(err) // three strings always encode
	}
	return seller.Cursor(base64.RawURLEncoding.EncodeToString(raw))
}

func readCursor(cursor, tag string) (place, error) {
	malformed := &refusal{code: "BAD_REQUEST", reason: "bad_cursor", message: "Malformed cursor"}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(cursor, "="))
	if err != nil {
		return place{}, malformed
	}
	var m mark
	if json.Unmarshal(raw, &m) != nil || m.ID == "" {
		return place{}, malformed
	}
	created, err := time.Parse(time.RFC3339, m.Created)
	if err != nil {
		return place{}, malformed
	}
	if m.Filter != tag {
		return place{}, &refusal{code: "BAD_REQUEST", reason: "cursor_mismatch", message: "Cursor belongs to another query"}
	}
	return place{created: created, id: m.ID}, nil
}
