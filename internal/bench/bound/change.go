package bound

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/freshet-go/freshet/internal/bench/contest"
	"github.com/freshet-go/freshet/internal/rawjson"
)

// raw compares bodies, and decodes the one element that is not as it was.
type raw struct {
	body []byte
	list []*contest.Order
	ends []uint32 // of the elements, commas included
}

func newRaw() (contest.RawSharer, error) { return new(raw), nil }

func (r *raw) Prime(body []byte) (list []*contest.Order, err error) {
	if r.list, err = contest.Decode(body); err != nil {
		return nil, err
	}
	split, ok := rawjson.Split(body, "")
	if !ok {
		return nil, contest.ErrNotOffered
	}
	r.body, r.ends = body, make([]uint32, 0, split.Len())
	end := 1
	for i := range split.Len() {
		end += len(split.Element(i)) + 1
		r.ends = append(r.ends, uint32(end))
	}
	return r.list, nil
}

func (r *raw) Refetch(body []byte) ([]*contest.Order, error) {
	if bytes.Equal(r.body, body) {
		return r.list, nil
	}
	at := sameFrom(r.body, body)
	i, _ := slices.BinarySearch(r.ends, uint32(at+1))
	begin, longer := 1, len(body)-len(r.body)
	if i > 0 {
		begin = int(r.ends[i-1])
	}
	end := int(r.ends[i]) + longer
	if !bytes.Equal(r.body[r.ends[i]:], body[end:]) {
		return nil, contest.ErrNotOffered // more than one
	}
	changed := new(contest.Order)
	if err := json.Unmarshal(body[begin:end-1], changed); err != nil {
		return nil, err
	}
	r.list, r.ends = slices.Clone(r.list), slices.Clone(r.ends)
	r.list[i], r.body = changed, body
	for ; i < len(r.ends); i++ {
		r.ends[i] += uint32(longer)
	}
	return r.list, nil
}

// sameFrom returns how long the beginning is that a and b have in common.
func sameFrom(a, b []byte) int {
	const step = 4096
	at, n := 0, min(len(a), len(b))
	for at+step <= n && bytes.Equal(a[at:at+step], b[at:at+step]) {
		at += step
	}
	for at < n && a[at] == b[at] {
		at++
	}
	return at
}

func (r *raw) Close() error { return nil }
