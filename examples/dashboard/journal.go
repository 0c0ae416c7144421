package main

import (
	"sync"
	"time"

	"github.com/benbjohnson/clock"
)

// entry is something worth telling.
type entry struct {
	at       time.Time
	page     page
	text     string
	replaced time.Duration // how old the data were that gave way; zero if none did
}

// maxUnread bounds what a slow reader can make a journal hold.
const maxUnread = 1000

// journal hands entries from the goroutines that find them to the one that
// shows them. It is safe for concurrent use.
type journal struct {
	clock clock.Clock
	news  chan struct{} // holds a token while there is something unread

	mu     sync.Mutex // guards what follows
	unread []entry
	lost   int // entries dropped because nobody read them
}

func newJournal(c clock.Clock) *journal {
	return &journal{clock: c, news: make(chan struct{}, 1)}
}

// add writes an entry down, at the present time and on one line.
func (j *journal) add(e entry) {
	e.at, e.text = j.clock.Now(), clean(e.text)
	j.mu.Lock()
	j.unread = append(j.unread, e)
	if n := len(j.unread) - maxUnread; n > 0 {
		j.unread = j.unread[n:]
		j.lost += n
	}
	j.mu.Unlock()
	j.poke()
}

// poke wakes the reader although there may be no entry.
func (j *journal) poke() {
	select {
	case j.news <- struct{}{}:
	default: // it has not read since
	}
}

// take returns what has not been read, oldest first, and how many entries before
// those were dropped.
func (j *journal) take() (unread []entry, lost int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	unread, lost = j.unread, j.lost
	j.unread, j.lost = nil, 0
	return unread, lost
}
