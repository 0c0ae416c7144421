package main

import (
	"time"

	tea "charm.land/bubbletea/v2"
)

// Update moves the screen on by one message.
func (m model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case tea.FocusMsg:
		m.blurred = false
		m.session.apply(m.conditions())
	case tea.BlurMsg:
		m.blurred = true
		m.session.apply(m.conditions())
	case newsMsg:
		m = m.read()
		return m, m.news
	case clockMsg:
		return m, nextTick()
	case doneMsg:
		m = m.say(msg.String())
	case tea.KeyPressMsg:
		return m.press(msg.String())
	}
	return m, nil
}

// read takes the latest entry of the journal; lists may have moved.
func (m model) read() model {
	if news, _ := m.session.journal.take(); len(news) > 0 {
		m.last = news[len(news)-1]
	}
	return m.follow()
}

// press is what a key does.
func (m model) press(key string) (tea.Model, tea.Cmd) {
	if m.blurred { // who presses keys has focus, whatever the terminal says
		m.blurred = false
		m.session.apply(m.conditions())
	}
	if key == "ctrl+c" || key == "q" {
		return m, tea.Quit
	}
	if m.question != nil {
		return m.answer(key)
	}
	m.noticed = time.Time{}
	switch key {
	case "?", "e":
		return m.toggle(key), nil
	case "esc":
		m.overlay = noOverlay
	case "1", "2", "3", "4", "5":
		return m.turnTo(page(key[0] - '1')), nil
	case "tab", "right", "l":
		return m.turnTo((m.page + 1) % page(pageCount)), nil
	case "shift+tab", "left", "h":
		return m.turnTo((m.page + page(pageCount) - 1) % page(pageCount)), nil
	case "up", "k":
		return m.moveTo(m.row() - 1), nil
	case "down", "j":
		return m.moveTo(m.row() + 1), nil
	case "enter":
		return m.openSelected(), nil
	case "n", "f", "b":
		return m.try(key), nil
	case "c", "x", "p":
		return m.propose(key)
	case "P", "B", "S", "A":
		return m.turn(key), nil
	}
	return m, nil
}

func (m model) toggle(key string) model {
	wanted := helpOverlay
	if key == "e" {
		wanted = explainOverlay
	}
	if m.overlay == wanted {
		wanted = noOverlay
	}
	m.overlay = wanted
	return m
}

// openSelected puts the selected order on the order page.
func (m model) openSelected() model {
	o, ok := m.selected()
	if !ok || m.page == orderPage {
		return m
	}
	if err := m.session.open(o.ID); err != nil {
		return m.say(err.Error())
	}
	return m.turnTo(orderPage)
}

func (m model) turnTo(p page) model {
	m.page, m.overlay = p, noOverlay
	return m.follow()
}

// try changes the conditions that the dashboard works under.
func (m model) try(key string) model {
	switch key {
	case "n":
		m.offline = !m.offline
		m = m.say(pick(m.offline, "the network is gone, and the program knows: queries and changes wait", "the network is back"))
	case "b":
		m.hidden = !m.hidden
		m = m.say(pick(m.hidden, "nobody looks: polling goes on, retries do not", "welcome back"))
	case "f":
		if m.session.backend.cut == nil {
			return m.say("only the built-in shop can be cut off; n pretends that there is no network")
		}
		m.failing = !m.failing
		m = m.say(pick(m.failing, "requests are reset, and the program does not know why: it retries", "requests get through again"))
	}
	m.session.apply(m.conditions())
	return m
}

// turn turns one of the switches.
func (m model) turn(key string) model {
	to := m.session.switches
	for _, s := range listOf(&to) {
		if s.key == key {
			*s.on = !*s.on
			m = m.say(s.name + pick(*s.on, " is on", " is off"))
		}
	}
	if err := m.session.turn(to); err != nil {
		m = m.say(err.Error())
	}
	return m
}

func pick(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

// propose makes a change of what is selected, or asks first where there is no
// way back.
func (m model) propose(key string) (tea.Model, tea.Cmd) {
	var c change
	var err error
	if key == "p" {
		r := m.session.pages.balance.observer.Current()
		c, err = schedulePayout(r.Data(), r.HasData())
	} else {
		o, ok := m.selected()
		c, err = changeOrder(key, o, ok)
	}
	if err != nil {
		return m.say(err.Error()), nil
	}
	if c.final {
		m.question = &question{text: clean(c.title) + "? y/n", change: c}
		return m, nil
	}
	return m.say(c.title + " …"), m.act(c)
}

func (m model) answer(key string) (tea.Model, tea.Cmd) {
	c := m.question.change
	m.question = nil
	if key != "y" {
		return m.say("left alone"), nil
	}
	return m.say(c.title + " …"), m.act(c)
}
