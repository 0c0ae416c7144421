package main

import (
	"context"
	"strings"

	"github.com/freshet-go/freshet/query"
)

// feed keeps one query live and tells what changes in its data.
type feed[T any] struct {
	feedConfig[T]
	observer *query.Observer[T]
}

// feedConfig is what a feed is told about its query.
type feedConfig[T any] struct {
	gauge    *gauge
	name     string
	attempts int // before a fetch fails for good
	brief    func(T) string
	changes  func(before, after T) []string // in words; none if nothing worth telling
}

func newFeed[T any](c *query.Client, q query.Query[T], cfg feedConfig[T]) *feed[T] {
	f := &feed[T]{feedConfig: cfg}
	f.observer = query.Observe(c, f.metered(q))
	return f
}

// metered counts every attempt of q to fetch, failed ones too: that is what the
// server bears.
func (f *feed[T]) metered(q query.Query[T]) query.Query[T] {
	fetch := q.Fetch
	q.Fetch = func(ctx context.Context) (T, error) {
		f.gauge.fetched()
		return fetch(ctx)
	}
	return q
}

// show turns the feed to another query of its kind.
func (f *feed[T]) show(q query.Query[T]) error {
	return query.SetQuery(f.observer, f.metered(q))
}

func (f *feed[T]) title() string { return f.name }

func (f *feed[T]) health() health { return healthOf(f.observer.Current(), f.attempts) }

func (f *feed[T]) explain(c *query.Client) query.Explanation {
	return c.Explain(f.observer.Current().Key())
}

// watch keeps the query fresh and writes down what happens to it, until stop.
func (f *feed[T]) watch(j *journal) (stop func()) {
	w := &watcher[T]{feed: f, journal: j}
	if r := f.observer.Current(); r.HasData() {
		w.see(r)
	}
	return f.observer.Subscribe(w.see)
}

// watcher compares each result of a feed with the one before. Its calls come
// one at a time.
type watcher[T any] struct {
	*feed[T]
	journal *journal
	last    query.Result[T]
	trouble string // as last written down; empty if there is none
}

func (w *watcher[T]) see(r query.Result[T]) {
	defer w.journal.poke() // a screen shows more than the entries
	before := w.last
	w.last = r
	w.seeTrouble(healthOf(r, w.attempts))
	w.gauge.push(r.Push().Status == query.PushLive)
	if !r.HasData() {
		w.gauge.blank()
		return
	}
	if !before.HasData() || before.Key() != r.Key() {
		w.gauge.blank()
		w.gauge.show(r.DataUpdatedAt())
		w.journal.add(entry{page: w.gauge.page, text: w.brief(r.Data())})
		return
	}
	age := w.gauge.show(r.DataUpdatedAt())
	if words := w.changes(before.Data(), r.Data()); len(words) > 0 {
		w.gauge.changed()
		w.journal.add(entry{page: w.gauge.page, text: strings.Join(words, "; "), replaced: age})
	}
}

// seeTrouble writes down when trouble begins, goes on or ends.
func (w *watcher[T]) seeTrouble(h health) {
	before := w.trouble
	switch h.mood() {
	case retrying, paused, failed:
		w.trouble = h.trouble()
	case live:
		w.trouble = ""
	default: // a fetch that is under way proves nothing yet
		return
	}
	switch w.trouble {
	case before:
	case "":
		w.tell("live again")
	default:
		w.tell(w.trouble)
	}
}

// tell writes down how the query is doing, by its name if the page has others.
func (w *watcher[T]) tell(how string) {
	if w.name != w.gauge.page.String() {
		how = w.name + " " + how
	}
	w.journal.add(entry{page: w.gauge.page, text: how})
}
