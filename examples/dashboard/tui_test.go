package main

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/examples/dashboard/internal/server"
	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/seller"
)

// screen drives a model by hand, in a bubble, the way the program would.
type screen struct {
	t     *testing.T
	model model
	shop  *server.Server
	done  chan tea.Msg // outcomes of changes
}

// onScreen runs f on a screen that has shown the first data.
func onScreen(t *testing.T, f func(s *screen)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		shop := server.New(server.Config{})
		session := startSession(t, backendOf(shop))
		s := &screen{t: t, shop: shop, model: newModel(t.Context(), session, dashboardPage), done: make(chan tea.Msg, 10)}
		s.wait(100 * time.Millisecond)
		f(s)
	})
}

// wait lets time pass and shows what it brought.
func (s *screen) wait(d time.Duration) {
	s.t.Helper()
	time.Sleep(d)
	synctest.Wait()
	s.send(newsMsg{})
	for len(s.done) > 0 {
		s.send(<-s.done)
	}
}

func (s *screen) send(msg tea.Msg) tea.Cmd {
	s.t.Helper()
	next, cmd := s.model.Update(msg)
	m, ok := next.(model)
	require.True(s.t, ok)
	s.model = m
	return cmd
}

// press presses keys one after the other and starts what they cause.
func (s *screen) press(keys ...string) {
	s.t.Helper()
	for _, key := range keys {
		if cmd := s.send(keyPress(key)); cmd != nil {
			go func() { s.done <- cmd() }()
		}
		synctest.Wait()
	}
}

func keyPress(key string) tea.KeyPressMsg {
	named := map[string]rune{"enter": tea.KeyEnter, "esc": tea.KeyEscape, "tab": tea.KeyTab, "up": tea.KeyUp, "down": tea.KeyDown}
	if code, ok := named[key]; ok {
		return tea.KeyPressMsg{Code: code}
	}
	return tea.KeyPressMsg{Code: rune(key[0]), Text: key}
}

// text is the screen without colours.
func (s *screen) text() string { return ansi.Strip(s.model.screen()) }

func (s *screen) pending() seller.Page[seller.Order] {
	return s.model.session.pages.pending.observer.Current().Data()
}

func TestView_everyPageFitsEverySize(t *testing.T) {
	onScreen(t, func(s *screen) {
		for _, size := range []tea.WindowSizeMsg{{Width: 80, Height: 24}, {Width: 60, Height: 16}, {Width: 200, Height: 60}} {
			s.send(size)
			for _, keys := range []string{"1", "2", "3", "4", "5", "?", "e"} {
				s.press(keys)
				lines := strings.Split(s.model.screen(), "\n")
				require.Len(s.t, lines, size.Height, keys)
				for _, line := range lines {
					require.LessOrEqual(s.t, lipgloss.Width(line), size.Width, keys)
				}
			}
		}
	})
}

func TestView_smallTerminalIsToldSo(t *testing.T) {
	onScreen(t, func(s *screen) {
		s.send(tea.WindowSizeMsg{Width: 40, Height: 10})
		require.Equal(s.t, "This needs a terminal of 60 by 16.", s.text())
	})
}

func TestView_nothingIsCutAtTheStandardSize(t *testing.T) {
	onScreen(t, func(s *screen) {
		for _, key := range []string{"1", "2", "4", "5", "?"} {
			s.press(key)
			require.NotContains(s.t, s.text(), "…", key)
		}
	})
}

func TestView_showsAgeAndNextPoll_S34(t *testing.T) {
	onScreen(t, func(s *screen) {
		require.Contains(s.t, s.text(), "dashboard: updated just now · next poll in 5 s")
		s.wait(3 * time.Second)
		require.Contains(s.t, s.text(), "dashboard: updated 3 s ago · next poll in 2 s")
		s.wait(3 * time.Second)
		require.Contains(s.t, s.text(), "dashboard: updated 1 s ago · next poll in 4 s")
	})
}

func TestView_pagesThatAreNotShownStayLive_S11(t *testing.T) {
	onScreen(t, func(s *screen) {
		s.press("5")
		_, err := s.shop.CreateOrder(server.DemoSeller)
		require.NoError(s.t, err)
		s.wait(6 * time.Second)
		s.press("3")
		require.Contains(s.t, s.text(), "#121")
	})
}

func TestView_showsPausedAndResumesByItself_S25(t *testing.T) {
	onScreen(t, func(s *screen) {
		s.press("n")
		require.Contains(s.t, s.text(), "○ offline")
		s.wait(15 * time.Second)
		require.Contains(s.t, s.text(), "dashboard: updated 15 s ago · paused")
		s.press("n")
		s.wait(100 * time.Millisecond)
		require.Contains(s.t, s.text(), "dashboard: updated just now")
		require.LessOrEqual(s.t, s.model.session.summary().total().worst, 6*time.Second, "age without network does not count")
	})
}

func TestView_showsAttemptsAndKeepsOldData_S35(t *testing.T) {
	onScreen(t, func(s *screen) {
		s.press("f")
		s.wait(5*time.Second + 100*time.Millisecond)
		require.Contains(s.t, s.text(), "attempt 2 of 4 in 1 s · connection reset by peer")
		require.Contains(s.t, s.text(), "in transit   10")
		s.wait(7 * time.Second)
		require.Contains(s.t, s.text(), "failed: connection reset by peer")
		require.Contains(s.t, s.text(), "in transit   10")
		s.press("f")
		s.wait(6 * time.Second)
		require.Regexp(s.t, `dashboard: updated (just now|\d s ago) · next poll`, s.text())
	})
}

func TestView_explainsInWords_S37(t *testing.T) {
	onScreen(t, func(s *screen) {
		s.press("5", "e")
		require.Contains(s.t, s.text(), "balance\n- ")
		require.Contains(s.t, s.text(), "history\n- ")
		require.Contains(s.t, s.text(), "the next poll is in ")
		s.press("n")
		s.wait(11 * time.Second)
		require.Contains(s.t, s.text(), "there is no network")
		s.press("esc")
		require.NotContains(s.t, s.text(), "there is no network")
	})
}

func TestUpdate_focusReportsReachTheCache_S13(t *testing.T) {
	onScreen(t, func(s *screen) {
		s.send(tea.BlurMsg{})
		require.False(s.t, s.model.session.client.Focus().Get())
		require.Contains(s.t, s.text(), "○ hidden")
		s.wait(4 * time.Second)
		before := s.model.session.pages.overview.gauge.read().fetches
		s.send(tea.FocusMsg{})
		s.wait(100 * time.Millisecond)
		require.Equal(s.t, before+1, s.model.session.pages.overview.gauge.read().fetches, "on return it refetches at once")
		require.Contains(s.t, s.text(), "● watched")
	})
}

func TestUpdate_keyPressProvesFocusUnlessTheUserHides(t *testing.T) {
	onScreen(t, func(s *screen) {
		focus := s.model.session.client.Focus()
		s.send(tea.BlurMsg{})
		s.press("2")
		require.True(s.t, focus.Get())
		s.press("b", "3")
		require.False(s.t, focus.Get())
		s.press("b")
		require.True(s.t, focus.Get())
	})
}

func TestUpdate_confirmLeavesTheListBeforeTheServerAnswers_S20(t *testing.T) {
	onScreen(t, func(s *screen) {
		s.press("3")
		first, before := s.pending().Items[0], s.pending().Total
		s.shop.SetLatency(2 * time.Second)
		s.press("c")
		require.NotContains(s.t, s.text(), "\n"+label(first.ID)+" ")
		require.Contains(s.t, s.text(), "1 waiting")
		s.wait(5 * time.Second)
		require.Contains(s.t, s.text(), "confirm "+label(first.ID)+": done")
		require.Equal(s.t, before-1, s.pending().Total)
		require.NotContains(s.t, s.text(), "waiting")
	})
}

func TestUpdate_refusedConfirmIsUndone_S20(t *testing.T) {
	onScreen(t, func(s *screen) {
		s.press("3")
		first := s.pending().Items[0]
		s.shop.SetFault(server.Fault{Kind: server.FailCalls, Procedure: "orderStatus.confirmOrder", Code: "CONFLICT", Message: "no more"})
		s.press("c")
		s.wait(time.Second)
		require.Contains(s.t, s.text(), "confirm "+label(first.ID)+": refused and undone: no more")
		require.Contains(s.t, s.text(), "\n"+label(first.ID)+" ")
	})
}

func TestUpdate_confirmWaitsForTheNetwork_S22(t *testing.T) {
	onScreen(t, func(s *screen) {
		s.press("3")
		first := s.pending().Items[0]
		s.press("n", "c")
		s.wait(10 * time.Second)
		require.Contains(s.t, s.text(), "1 waiting")
		require.Zero(s.t, s.shop.Counters().ByProcedure["orderStatus.confirmOrder"])
		s.press("n")
		s.wait(time.Second)
		require.Contains(s.t, s.text(), "confirm "+label(first.ID)+": done")
		require.Equal(s.t, 1, s.shop.Counters().ByProcedure["orderStatus.confirmOrder"])
	})
}

func TestUpdate_cancelAsksFirst(t *testing.T) {
	onScreen(t, func(s *screen) {
		s.press("3", "down", "x")
		second := s.pending().Items[1]
		require.Contains(s.t, s.text(), "cancel "+label(second.ID)+"? y/n")
		s.press("n")
		require.Contains(s.t, s.text(), "left alone")
		require.False(s.t, s.model.offline, "the answer is not the key of the network")
		s.press("x", "y")
		s.wait(time.Second)
		require.Contains(s.t, s.text(), "cancel "+label(second.ID)+": done")
		require.NotContains(s.t, s.pending().Items, second)
	})
}

func TestUpdate_impossibleChangesAreToldNotSent(t *testing.T) {
	onScreen(t, func(s *screen) {
		s.press("c")
		require.Contains(s.t, s.text(), "select an order first")
		s.press("2", "c") // the newest sale of the shop is completed
		require.Contains(s.t, s.text(), "#120 is completed: only pending orders can be confirmed")
		s.press("x")
		require.Contains(s.t, s.text(), "#120 is completed: it is too late to cancel")
		require.Empty(s.t, s.model.session.client.Mutations(query.MutationFilter{}))
	})
}

func TestUpdate_payoutIsScheduledAndShown_S19(t *testing.T) {
	onScreen(t, func(s *screen) {
		s.press("5", "p")
		require.Contains(s.t, s.text(), "pay out $10.00 of $11,941.02? y/n")
		s.press("y")
		s.wait(time.Second)
		require.Contains(s.t, s.text(), "$11,931.02")
		require.Contains(s.t, s.text(), "#31")
	})
}

func TestUpdate_selectionStaysOnItsOrderWhenTheListMoves(t *testing.T) {
	onScreen(t, func(s *screen) {
		s.press("3", "down")
		second := s.pending().Items[1]
		_, err := s.shop.CreateOrder(server.DemoSeller)
		require.NoError(s.t, err)
		s.wait(6 * time.Second)
		require.Equal(s.t, second.ID, s.pending().Items[2].ID)
		o, ok := s.model.selected()
		require.True(s.t, ok)
		require.Equal(s.t, second.ID, o.ID)
	})
}

func TestUpdate_enterOpensTheSelectedOrder(t *testing.T) {
	onScreen(t, func(s *screen) {
		s.press("3", "down", "enter")
		s.wait(100 * time.Millisecond)
		require.Equal(s.t, orderPage, s.model.page)
		require.Contains(s.t, s.text(), "Order "+label(s.pending().Items[1].ID))
		require.Contains(s.t, s.text(), "your share")
	})
}

func TestUpdate_strangersLineCannotBeCut(t *testing.T) {
	onScreen(t, func(s *screen) {
		s.model.session.backend.cut = nil // as with -url
		s.press("f")
		require.Contains(s.t, s.text(), "only the built-in shop can be cut off")
		require.True(s.t, s.model.conditions().good())
		s.press("n")
		require.False(s.t, s.model.session.client.Online().Get())
	})
}

func TestUpdate_quitKeys(t *testing.T) {
	onScreen(t, func(s *screen) {
		for _, msg := range []tea.Msg{keyPress("q"), tea.KeyPressMsg{Code: 'c', Mod: tea.ModCtrl}} {
			cmd := s.send(msg)
			require.NotNil(s.t, cmd)
			require.Equal(s.t, tea.Quit(), cmd())
		}
	})
}

func TestUpdate_endOfTheRunQuits(t *testing.T) {
	onScreen(t, func(s *screen) {
		ctx, cancel := context.WithCancel(s.t.Context())
		cancel()
		s.model.session.journal.take()
		select {
		case <-s.model.session.journal.news:
		default:
		}
		require.Equal(s.t, tea.Quit(), waitForNews(ctx, s.model.session.journal)())
	})
}
