package main

import (
	"context"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/freshet-go/freshet/seller"
)

const (
	// redrawEvery is how often ages are counted anew on the screen.
	redrawEvery = 500 * time.Millisecond
	// noticeFor is how long a notice hides the news.
	noticeFor = 6 * time.Second
)

// overlay is what covers the page.
type overlay int

const (
	noOverlay overlay = iota
	helpOverlay
	explainOverlay
)

// model is the state of the screen. The data are not part of it: the view reads
// the latest results from the session.
type model struct {
	session *session
	news    tea.Cmd
	act     func(change) tea.Cmd

	width, height int
	page          page
	cursor        [pageCount]int    // selected row
	marked        [pageCount]string // what that row is about, so that it stays selected when the list moves
	overlay       overlay
	question      *question // waits for y or n
	notice        string
	noticed       time.Time // when notice was given
	last          entry     // the latest of the journal

	blurred bool // by the terminal's report
	hidden  bool // by the user, to see what happens
	offline bool // by the user
	failing bool // by the user
}

// question is a change that the user has to agree to.
type question struct {
	text   string
	change change
}

func newModel(ctx context.Context, s *session, first page) model {
	return model{
		session: s, page: first, width: 80, height: 24,
		news: waitForNews(ctx, s.journal),
		act:  func(c change) tea.Cmd { return perform(ctx, s, c) },
	}
}

// Init starts to listen and to count.
func (m model) Init() tea.Cmd { return tea.Batch(m.news, nextTick()) }

func nextTick() tea.Cmd {
	return tea.Tick(redrawEvery, func(time.Time) tea.Msg { return clockMsg{} })
}

// conditions are what the user has chosen to work under.
func (m model) conditions() conditions {
	return conditions{focused: !m.blurred && !m.hidden, online: !m.offline, intact: !m.failing}
}

// rows says what each row of the page that can be selected is about.
func (m model) rows() []string {
	p := m.session.pages
	var ids []string
	switch m.page {
	case salesPage:
		for _, s := range p.sales.observer.Current().Data().Items {
			ids = append(ids, s.OrderID)
		}
	case pendingPage:
		for _, o := range p.pending.observer.Current().Data().Items {
			ids = append(ids, o.ID)
		}
	case payoutsPage:
		for _, o := range p.payouts.observer.Current().Data().Items {
			ids = append(ids, o.ID)
		}
	default: // nothing to select
	}
	return ids
}

// moveTo selects a row of the page, the nearest one there is.
func (m model) moveTo(row int) model {
	ids := m.rows()
	m.cursor[m.page] = max(0, min(row, len(ids)-1))
	m.marked[m.page] = ""
	if len(ids) > 0 {
		m.marked[m.page] = ids[m.cursor[m.page]]
	}
	return m
}

// follow keeps the cursor on what it was on when rows have come and gone.
func (m model) follow() model { return m.moveTo(m.row()) }

func (m model) say(notice string) model {
	m.notice, m.noticed = clean(notice), m.session.clock.Now()
	return m
}

// row is where the cursor is on the page.
func (m model) row() int {
	if row := slices.Index(m.rows(), m.marked[m.page]); row >= 0 {
		return row
	}
	return m.cursor[m.page]
}

// selected returns the order that the cursor is on, as far as the page knows it.
// It goes by the id, since the list may have moved after it was drawn.
func (m model) selected() (o seller.Order, ok bool) {
	p := m.session.pages
	switch m.page {
	case salesPage:
		for _, s := range p.sales.observer.Current().Data().Items {
			if s.OrderID == m.marked[salesPage] {
				return seller.Order{ID: s.OrderID, Status: s.Status}, true
			}
		}
	case pendingPage:
		for _, o := range p.pending.observer.Current().Data().Items {
			if o.ID == m.marked[pendingPage] {
				return o, true
			}
		}
	case orderPage:
		r := p.order.observer.Current()
		return r.Data(), r.HasData()
	default: // nothing to select
	}
	return seller.Order{}, false
}
