package main

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/examples/dashboard/internal/server"
	"github.com/freshet-go/freshet/query"
)

func TestSwitches_pushShowsChangesAtOnceAndStopsPolling_S30(t *testing.T) {
	onScreen(t, func(s *screen) {
		s.press("P")
		s.wait(2 * time.Second)
		require.Contains(s.t, s.text(), "P push ●")
		require.Contains(s.t, s.text(), "dashboard: updated 1 s ago · push live · safety poll in 59 s")
		require.Contains(s.t, s.text(), "s push")

		before := s.model.session.traffic().Requests
		s.wait(50 * time.Second)
		require.Equal(s.t, before, s.model.session.traffic().Requests, "nothing happens, nothing is asked")
		_, err := s.shop.CreateOrder(server.DemoSeller)
		require.NoError(s.t, err)
		s.wait(100 * time.Millisecond)
		require.Equal(s.t, before+1, s.model.session.traffic().Requests)
		s.press("3")
		require.Contains(s.t, s.text(), "#121")

		s.press("P")
		s.wait(100 * time.Millisecond)
		require.Contains(s.t, s.text(), "P push ○")
		require.Contains(s.t, s.text(), "next poll in 5 s")
	})
}

func TestSwitches_pollingComesBackWithoutPush_S30(t *testing.T) {
	onScreen(t, func(s *screen) {
		s.press("P")
		s.wait(2 * time.Second)
		s.press("f")
		s.wait(100 * time.Millisecond)
		require.Contains(s.t, s.text(), "attempt 2 of 4", "what has lost push is fetched at once")
		require.Equal(s.t, query.PushLost, s.model.session.pages.overview.health().push)
		s.press("f")
		s.wait(time.Minute)
		require.Contains(s.t, s.text(), "push live", "and slows down when it is back")
	})
}

func TestSwitches_networkThatReturnsBringsPushBack_S25(t *testing.T) {
	onScreen(t, func(s *screen) {
		s.press("P")
		s.wait(2 * time.Second)
		s.press("n")
		s.wait(15 * time.Second)
		require.Contains(s.t, s.text(), "s lost")
		s.press("n")
		s.wait(100 * time.Millisecond)
		require.Contains(s.t, s.text(), "updated just now")
		s.wait(time.Minute)
		require.Contains(s.t, s.text(), "push live")
		require.LessOrEqual(s.t, s.model.session.summary().total().worst, 10100*time.Millisecond, "payouts were polled until push was back")
	})
}

func TestSwitches_withoutBatchEachCallIsARequest_S29(t *testing.T) {
	onScreen(t, func(s *screen) {
		s.press("B")
		before := s.model.session.traffic()
		s.wait(30 * time.Second)
		after := s.model.session.traffic()
		require.Equal(s.t, after.Calls-before.Calls, after.Requests-before.Requests)
		require.Contains(s.t, s.text(), "B batch ○")
		require.InDelta(s.t, 104, 2*(after.Requests-before.Requests), 10, "the naive plan")
	})
}

func TestSwitches_selectiveRefetchFindsNothingNew_S31(t *testing.T) {
	onScreen(t, func(s *screen) {
		s.press("S", "2")
		s.wait(11 * time.Second)
		require.True(s.t, s.model.session.pages.sales.explain(s.model.session.client).Has(query.ReasonNotModified))
		s.press("S")
		s.wait(11 * time.Second)
		require.False(s.t, s.model.session.pages.sales.explain(s.model.session.client).Has(query.ReasonNotModified))
	})
}

func TestSwitches_adaptiveSlowsDownWhileNothingChanges_S32(t *testing.T) {
	onScreen(t, func(s *screen) {
		s.press("A", "3")
		s.wait(time.Minute)
		require.True(s.t, s.model.session.pages.pending.explain(s.model.session.client).Has(query.ReasonAdaptive))
		require.LessOrEqual(s.t, s.model.session.pages.pending.gauge.read().fetches, 10, "12 without")
	})
}

func TestSwitches_orderPageStaysOnItsOrder(t *testing.T) {
	onScreen(t, func(s *screen) {
		s.press("3", "down", "enter")
		s.wait(100 * time.Millisecond)
		chosen := s.pending().Items[1]
		s.press("B", "S", "A", "P")
		s.wait(time.Second)
		require.Contains(s.t, s.text(), "Order "+label(chosen.ID))
		require.Equal(s.t, switches{push: true, selective: true, adaptive: true}, s.model.session.switches)
	})
}

func TestRun_everySwitchHasItsFlag(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		all := switches{push: true, batch: true, selective: true, adaptive: true}
		shop := bubbleShop(server.Config{ChangeEvery: changeEvery})
		require.NoError(t, runOn(t.Context(), shop, options{length: time.Minute, switches: all}, console{out: &out}))

		got := parseTail(t, out.String())
		require.Regexp(t, `(?m)^\d+ requests a minute, 104 if each query were polled by itself; push on, batch on, selective on, adaptive on$`, out.String())
		require.Less(t, got.requests, 20, "one for each of 12 changes, and some to begin with")
		for _, age := range got.ages {
			require.Less(t, age, time.Second)
		}
	})
}
