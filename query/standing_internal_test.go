package query

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A field that equal forgets would give a query the rules of another.
func TestPolicy_everyFieldTellsPoliciesApart(t *testing.T) {
	t.Parallel()
	variants := map[string][]Policy{
		"StaleTime":                   {{StaleTime: StaleAfter(time.Hour)}, {StaleTime: StaleAfter(time.Minute)}, {StaleTime: StaleNever()}},
		"GCTime":                      {{GCTime: GCAfter(time.Hour)}, {GCTime: GCNever()}},
		"RefetchInterval":             {{RefetchInterval: Every(time.Hour)}, {RefetchInterval: Every(time.Minute)}, {RefetchInterval: NoInterval()}},
		"RefetchIntervalInBackground": {{RefetchIntervalInBackground: On}, {RefetchIntervalInBackground: Off}},
		"RefetchOnMount":              {{RefetchOnMount: Always}, {RefetchOnMount: IfStale}},
		"RefetchOnFocus":              {{RefetchOnFocus: Always}, {RefetchOnFocus: IfStale}},
		"RefetchOnReconnect":          {{RefetchOnReconnect: Always}, {RefetchOnReconnect: IfStale}},
		"RetryOnMount":                {{RetryOnMount: On}, {RetryOnMount: Off}},
		"Retry":                       {{Retry: Retries(2)}, {Retry: NoRetry()}, {Retry: RetryForever()}},
		"RetryDelay": {
			{RetryDelay: ConstantDelay(1)}, {RetryDelay: Exponential(1, 2)}, {RetryDelay: Exponential(1, 3)},
		},
		"NetworkMode":       {{NetworkMode: NetworkAlways}, {NetworkMode: NetworkOfflineFirst}},
		"Enabled":           {{Enabled: On}, {Enabled: Off}},
		"StructuralSharing": {{StructuralSharing: On}, {StructuralSharing: Off}},
	}
	all := []Policy{{}}
	for field := range reflect.TypeFor[Policy]().Fields() {
		if field.Name == "NotifyOn" { // a list makes a policy incomparable
			require.False(t, isComparable(&Policy{NotifyOn: []Field{}}))
			continue
		}
		require.NotEmpty(t, variants[field.Name], field.Name)
		all = append(all, variants[field.Name]...)
	}
	for i := range all {
		require.True(t, isComparable(&all[i]), "%d", i)
		for j := range all {
			require.Equal(t, i == j, equal(&all[i], &all[j]), "%d and %d", i, j)
		}
	}
}

func TestPolicy_functionsAreNotComparable(t *testing.T) {
	t.Parallel()
	for _, p := range []Policy{
		{StaleTime: StaleFunc(func(State[int]) StaleTime { return StaleNever() })},
		{RefetchInterval: EveryFunc(func(State[int]) time.Duration { return 0 })},
		{RefetchOnMount: RefetchFunc(func(State[int]) RefetchMode { return Never })},
		{RefetchOnFocus: RefetchFunc(func(State[int]) RefetchMode { return Never })},
		{RefetchOnReconnect: RefetchFunc(func(State[int]) RefetchMode { return Never })},
		{RetryOnMount: RetryOnMountFunc(func(State[int]) bool { return false })},
		{Retry: RetryFunc(func(int, error) bool { return false })},
		{RetryDelay: DelayFunc(func(int, error) time.Duration { return 0 })},
		{Enabled: EnabledFunc(func(State[int]) bool { return false })},
	} {
		require.False(t, isComparable(&p), "%+v", p)
	}
}
