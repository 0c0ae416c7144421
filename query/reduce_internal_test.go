package query

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var (
	errOld = errors.New("old")
	errNew = errors.New("new")
	then   = time.Unix(1000, 0)
	nowish = time.Unix(2000, 0)
	soon   = time.Unix(3000, 0)
)

// full is a state in which every field has a value that no action sets.
func full() state {
	s := state{
		data: "old", hasData: true, dataUpdateCount: 3, dataUpdatedAt: then,
		invalidated: true, status: isError, fetchStatus: isPaused,
	}
	return s.with(rare{
		err: errOld, errorUpdateCount: 5, errorUpdatedAt: then,
		failureCount: 2, failureReason: errOld, retryAt: soon,
		direction: Backward,
	})
}

// TestReduce_everyActionOnEveryField is the table of R-STATE-3: whatever an
// action does not name it leaves alone.
func TestReduce_everyActionOnEveryField(t *testing.T) {
	t.Parallel()
	empty := func() state {
		s := full()
		s.data, s.hasData = nil, false
		return s
	}
	under := &underlay{data: "base", hasData: true}
	cases := []struct {
		name string
		from state
		a    action
		want func(s *state)
	}{
		{"fetch", full(), fetchAction{direction: Forward}, func(s *state) {
			s.failureCount, s.failureReason, s.retryAt = 0, nil, time.Time{}
			s.direction, s.fetchStatus = Forward, isFetching
		}},
		{"fetch without data", empty(), fetchAction{}, func(s *state) {
			s.failureCount, s.failureReason, s.retryAt = 0, nil, time.Time{}
			s.direction, s.fetchStatus = "", isFetching
			s.err, s.status = nil, isPending
		}},
		{"fetch paused", full(), fetchAction{paused: true}, func(s *state) {
			s.failureCount, s.failureReason, s.retryAt = 0, nil, time.Time{}
			s.direction, s.fetchStatus = "", isPaused
		}},
		{"failed", full(), failedAction{count: 9, err: errNew, retryAt: nowish}, func(s *state) {
			s.failureCount, s.failureReason, s.retryAt = 9, errNew, nowish
		}},
		{"pause", full(), pauseAction{}, func(s *state) {
			s.fetchStatus, s.retryAt = isPaused, time.Time{}
		}},
		{"continue", full(), continueAction{}, func(s *state) { s.fetchStatus = isFetching }},
		{"success fetched", full(), successAction{data: "new", at: nowish}, func(s *state) {
			s.data, s.dataUpdateCount, s.dataUpdatedAt = "new", 4, nowish
			s.err, s.invalidated, s.status = nil, false, isSuccess
			s.fetchStatus, s.failureCount, s.failureReason, s.retryAt = isIdle, 0, nil, time.Time{}
		}},
		{"success by hand", full(), successAction{data: "new", at: nowish, manual: true}, func(s *state) {
			s.data, s.dataUpdateCount, s.dataUpdatedAt = "new", 4, nowish
			s.err, s.invalidated, s.status = nil, false, isSuccess
		}},
		{"success without data before", empty(), successAction{data: nil, at: nowish, manual: true}, func(s *state) {
			s.data, s.hasData, s.dataUpdateCount, s.dataUpdatedAt = nil, true, 4, nowish
			s.err, s.invalidated, s.status = nil, false, isSuccess
		}},
		{"error", full(), errorAction{err: errNew, at: nowish}, func(s *state) {
			s.err, s.failureReason = errNew, errNew
			s.errorUpdateCount, s.errorUpdatedAt, s.failureCount = 6, nowish, 3
			s.invalidated, s.status, s.fetchStatus, s.retryAt = true, isError, isIdle, time.Time{}
		}},
		{"invalidate", full(), invalidateAction{}, func(s *state) { s.invalidated = true }},
		{"patch", full(), patchAction{data: "shown", hasData: true, under: under}, func(s *state) {
			s.data, s.under = "shown", under
		}},
		{"patch where nothing is", blank, patchAction{data: "shown", hasData: true, under: &underlay{}}, func(s *state) {
			s.data, s.hasData, s.under, s.status = "shown", true, &underlay{}, isSuccess
		}},
		{"patch that hides", state{data: 1, hasData: true, status: isSuccess, rare: &nothingRare}, patchAction{under: under}, func(s *state) {
			s.data, s.hasData, s.under, s.status = nil, false, under, isPending
		}},
		{"set", full(), setAction{blank}, func(s *state) { *s = blank }},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			before, past := tc.from, *tc.from.rare
			want, own := tc.from, *tc.from.rare
			want.rare = &own
			tc.want(&want)
			got := reduce(&tc.from, tc.a)
			require.Equal(t, want, *got)
			require.Equal(t, before, tc.from, "the old state is untouched")
			require.Equal(t, past, *tc.from.rare, "nor is what it shares")
		})
	}
}

func TestState_staleAfter(t *testing.T) {
	t.Parallel()
	with := func(invalidated bool, at time.Time) *state {
		return &state{hasData: true, dataUpdatedAt: at, invalidated: invalidated}
	}
	minute := StaleAfter(time.Minute)
	for _, tc := range []struct {
		name string
		s    *state
		t    StaleTime
		want bool
	}{
		{"no data, though static", &state{}, StaleStatic(), true},
		{"static, though invalidated", with(true, then), StaleStatic(), false},
		{"invalidated, though never stale", with(true, then), StaleNever(), true},
		{"never", with(false, time.Time{}), StaleNever(), false},
		{"young", with(false, nowish.Add(-time.Minute+1)), minute, false},
		{"just too old", with(false, nowish.Add(-time.Minute)), minute, true},
		{"zero in the instant of writing", with(false, nowish), StaleAfter(0), true},
		{"from the future", with(false, nowish.Add(time.Hour)), StaleAfter(0), false},
	} {
		require.Equal(t, tc.want, tc.s.staleAfter(tc.t, nowish), tc.name)
	}
}

func TestReduceMutation_everyActionOnEveryField(t *testing.T) {
	t.Parallel()
	full := func() mutationState {
		return mutationState{
			status: StatusPending, data: "old", hasData: true, err: errOld, variables: "v", hasVars: true, context: "ctx",
			failureCount: 2, failureReason: errOld, retryAt: soon, paused: true, submittedAt: then,
		}
	}
	for name, tc := range map[string]struct {
		a    mutationAction
		want func(s *mutationState)
	}{
		"submit": {submitAction{variables: "w", context: "c", paused: true, at: nowish}, func(s *mutationState) {
			*s = mutationState{status: StatusPending, variables: "w", hasVars: true, context: "c", paused: true, submittedAt: nowish}
		}},
		"failed": {failedAction{count: 9, err: errNew, retryAt: nowish}, func(s *mutationState) {
			s.failureCount, s.failureReason, s.retryAt = 9, errNew, nowish
		}},
		"pause":    {pauseAction{}, func(s *mutationState) { s.paused, s.retryAt = true, time.Time{} }},
		"continue": {continueAction{}, func(s *mutationState) { s.paused = false }},
		"success": {successAction{data: "new"}, func(s *mutationState) {
			s.status, s.data, s.err, s.failureCount, s.failureReason = StatusSuccess, "new", nil, 0, nil
			s.paused, s.retryAt = false, time.Time{}
		}},
		"error": {errorAction{err: errNew}, func(s *mutationState) {
			s.status, s.data, s.hasData, s.err, s.failureReason, s.failureCount = StatusError, nil, false, errNew, errNew, 3
			s.paused, s.retryAt = false, time.Time{}
		}},
	} {
		from, want := full(), full()
		tc.want(&want)
		require.Equal(t, want, *reduceMutation(&from, tc.a), name)
		require.Equal(t, full(), from, name)
	}
}
