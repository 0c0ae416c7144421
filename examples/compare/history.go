package main

import (
	"crypto/sha256"
	"encoding/json"
	"sync"
	"time"

	"github.com/freshet-go/freshet/seller"
)

// view is a part of a page that comes from one procedure.
type view int

const (
	dashboardSales view = iota
	dashboardStats
	dashboardListings
	dashboardBalance
	salesList
	pendingList
	orderDetail
	balance
	payoutList
	views // how many there are
)

// pages are those of a seller, by the views they are made of.
var pages = []struct {
	name string
	of   []view
}{
	{"dashboard", []view{dashboardSales, dashboardStats, dashboardListings, dashboardBalance}},
	{"sales", []view{salesList}},
	{"pending", []view{pendingList}},
	{"order", []view{orderDetail}},
	{"payouts", []view{balance, payoutList}},
}

// content is what a view says, to be compared.
type content [sha256.Size]byte

// contentOf leaves out the time of counting, which is no news.
func contentOf(data any) content {
	switch d := data.(type) {
	case seller.OrderStats:
		d.AsOf = time.Time{}
		data = d
	case seller.PayoutStats:
		d.AsOf = time.Time{}
		data = d
	}
	text, err := json.Marshal(data)
	if err != nil {
		panic(err) // the model's types always encode
	}
	return sha256.Sum256(text)
}

// history is what the server's data were, and what was shown of them. It is safe for
// concurrent use.
type history struct {
	mu    sync.Mutex
	truth [views][]moment
	shown [views][]moment
}

// moment is when something began to be so.
type moment struct {
	at time.Time
	is content
}

// becomes writes down that the server's data are is from at on, at the latest.
func (h *history) becomes(v view, at time.Time, is content) { h.add(&h.truth[v], at, is) }

// shows writes down that a page shows is from at on.
func (h *history) shows(v view, at time.Time, is content) { h.add(&h.shown[v], at, is) }

func (h *history) add(to *[]moment, at time.Time, is content) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if n := len(*to); n == 0 || (*to)[n-1].is != is {
		*to = append(*to, moment{at, is})
	}
}

// verdict is how fresh a view was.
type verdict struct {
	changes int           // that concerned it
	worst   time.Duration // since when what was shown was not true any more
	wrong   int           // times that something was shown that never was true
}

// judge looks back on some views from the end.
func (h *history) judge(of []view, end time.Time) (sum verdict) {
	h.mu.Lock()
	defer h.mu.Unlock()
	changes := map[time.Time]bool{}
	for _, v := range of {
		found := judge(h.truth[v], h.shown[v], end)
		sum.worst, sum.wrong = max(sum.worst, found.worst), sum.wrong+found.wrong
		for i, m := range h.truth[v] {
			if i > 0 {
				changes[m.at] = true
			}
		}
	}
	sum.changes = len(changes)
	return sum
}

// judge looks back on one view.
func judge(truth, shown []moment, end time.Time) (found verdict) {
	for i, m := range shown {
		until := end
		if i+1 < len(shown) {
			until = shown[i+1].at
		}
		// The latest truth that m can be. It is over when the next begins.
		k := len(truth) - 1
		for k >= 0 && (truth[k].at.After(m.at) || truth[k].is != m.is) {
			k--
		}
		switch {
		case k < 0:
			found.wrong++
		case k+1 < len(truth):
			found.worst = max(found.worst, until.Sub(truth[k+1].at))
		}
	}
	return found
}
