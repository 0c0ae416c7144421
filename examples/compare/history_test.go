package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/seller"
)

var start = time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC)

func at(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }

// told is a history of the sales list: what it was and what was shown, by second.
func told(truth, shown map[int]string) *history {
	h := new(history)
	for second := range 100 {
		if text, ok := truth[second]; ok {
			h.becomes(salesList, at(second), contentOf(text))
		}
		if text, ok := shown[second]; ok {
			h.shows(salesList, at(second), contentOf(text))
		}
	}
	return h
}

func TestJudge_ageIsTheTimeSinceTheDataChanged(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		truth, shown map[int]string
		worst        int
		wrong        int
	}{
		"data that do not change do not age": {map[int]string{0: "a"}, map[int]string{1: "a"}, 0, 0},
		"until the change is shown":          {map[int]string{0: "a", 20: "b"}, map[int]string{1: "a", 24: "b"}, 4, 0},
		"until the end":                      {map[int]string{0: "a", 90: "b"}, map[int]string{1: "a"}, 10, 0},
		"from the first change on":           {map[int]string{0: "a", 20: "b", 25: "c"}, map[int]string{1: "a", 27: "c"}, 7, 0},
		"from the change that was missed":    {map[int]string{0: "a", 20: "b", 25: "c"}, map[int]string{1: "a", 21: "b", 30: "c"}, 5, 0},
		"the same again is true again":       {map[int]string{0: "a", 20: "b", 25: "a"}, map[int]string{1: "a", 21: "b", 28: "a"}, 3, 0},
		"going back counts from the change":  {map[int]string{0: "a", 20: "b"}, map[int]string{1: "a", 21: "b", 30: "a", 35: "b"}, 15, 0},
		"what never was true is wrong":       {map[int]string{0: "a"}, map[int]string{1: "a", 5: "x", 6: "a"}, 0, 1},
		"the future is wrong":                {map[int]string{0: "a", 20: "b"}, map[int]string{1: "b"}, 0, 1},
		"nothing shown is not old":           {map[int]string{0: "a", 20: "b"}, nil, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := told(tc.truth, tc.shown).judge([]view{salesList}, at(100))
			require.Equal(t, time.Duration(tc.worst)*time.Second, found.worst)
			require.Equal(t, tc.wrong, found.wrong)
			require.Equal(t, len(tc.truth)-1, found.changes)
		})
	}
}

func TestJudge_aChangeOfSeveralViewsIsOneOfThePage(t *testing.T) {
	t.Parallel()
	h := new(history)
	for i, text := range []string{"a", "b"} {
		h.becomes(balance, at(10*i), contentOf(text))
		h.becomes(payoutList, at(10*i), contentOf(text))
		h.shows(balance, at(10*i+1), contentOf(text))
		h.shows(payoutList, at(10*i+3), contentOf(text))
	}
	require.Equal(t, verdict{changes: 1, worst: 3 * time.Second}, h.judge([]view{balance, payoutList}, at(100)))
}

func TestContent_timesOfCountingAreNoNews(t *testing.T) {
	t.Parallel()
	require.Equal(t, contentOf(seller.OrderStats{Total: 1}), contentOf(seller.OrderStats{Total: 1, AsOf: start}))
	require.Equal(t, contentOf(seller.PayoutStats{Currency: "USD"}), contentOf(seller.PayoutStats{Currency: "USD", AsOf: start}))
	require.NotEqual(t, contentOf(seller.OrderStats{Total: 1}), contentOf(seller.OrderStats{Total: 2}))
}
