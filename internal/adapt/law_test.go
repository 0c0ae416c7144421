package adapt

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// world is a server as the law sees it: what it answers to who polls each so long.
type world func(every time.Duration) Answer

// play lets the law poll the world n times and returns the intervals.
func play(l *Law, p *Pace, n int, w world) []time.Duration {
	intervals := make([]time.Duration, 0, n)
	for range n {
		every, _ := l.Interval(*p)
		intervals = append(intervals, every)
		*p = l.Next(*p, w(every))
	}
	return intervals
}

var seconds = &Law{Min: time.Second, Max: time.Minute, Calm: 3, Rest: 10}

func lively(time.Duration) Answer   { return Answer{Kind: News, Took: 10 * time.Millisecond} }
func quiet(time.Duration) Answer    { return Answer{Kind: NoNews, Took: 10 * time.Millisecond} }
func refusing(time.Duration) Answer { return Answer{Kind: Refused} }

// bears is a server that refuses who polls more often than each d.
func bears(d time.Duration) world {
	return func(every time.Duration) Answer {
		if every < d {
			return refusing(every)
		}
		return lively(every)
	}
}

// loaded is a server whose answers take longer the more it is asked, by n clients
// that all do the same.
func loaded(base, work time.Duration, n int) world {
	return func(every time.Duration) Answer {
		return Answer{Kind: News, Took: base + time.Duration(float64(work)*float64(n)*work.Seconds()/every.Seconds())}
	}
}

func TestAdaptiveLaw_staysAtMinWhileAllIsWell(t *testing.T) {
	t.Parallel()
	var p Pace
	for _, every := range play(seconds, &p, 1000, lively) {
		require.Equal(t, time.Second, every)
	}
}

func TestAdaptiveLaw_calmLengthensByHalfUpToMaxAndNewsEndsIt(t *testing.T) {
	t.Parallel()
	var p Pace
	intervals := play(seconds, &p, 20, quiet)
	require.Equal(t, []time.Duration{
		time.Second, time.Second, time.Second, 1500 * time.Millisecond, 2250 * time.Millisecond,
	}, intervals[:5])
	require.IsNonDecreasing(t, intervals)
	require.Equal(t, time.Minute, intervals[19])
	p = seconds.Next(p, lively(0))
	every, why := seconds.Interval(p)
	require.Equal(t, time.Second, every)
	require.Equal(t, AtMin, why)
}

func TestAdaptiveLaw_attentionEndsCalmAndNothingElse(t *testing.T) {
	t.Parallel()
	var p Pace
	play(seconds, &p, 20, quiet)
	play(seconds, &p, 2, refusing)
	p = seconds.Next(p, Answer{Kind: Attention})
	every, why := seconds.Interval(p)
	require.Equal(t, 4*time.Second, every)
	require.Equal(t, ByRefusals, why)
}

func TestAdaptiveLaw_recoversFromAnOutageInAsManyAnswersAsDoublings(t *testing.T) {
	t.Parallel()
	for _, outage := range []int{1, 2, 5, 6, 7, 1000} {
		var p Pace
		play(seconds, &p, outage, refusing)
		intervals := play(seconds, &p, 7, lively)
		require.Equal(t, min(time.Second<<min(outage, 6), time.Minute), intervals[0])
		require.Equal(t, time.Second, intervals[6], "after an outage of %d polls", outage)
	}
}

func TestAdaptiveLaw_atTheLimitOfAServerItIsRefusedEverMoreRarely(t *testing.T) {
	t.Parallel()
	var p Pace
	play(seconds, &p, 200, bears(5*time.Second))
	steps, refusals := 0, 0
	last := 8 * time.Second
	for _, every := range play(seconds, &p, 1700, bears(5*time.Second)) {
		require.Contains(t, []time.Duration{4 * time.Second, 8 * time.Second}, every)
		if every != last {
			steps++
		}
		if last = every; every < 5*time.Second {
			refusals++
		}
	}
	require.Equal(t, 100, refusals, "one in seventeen")
	require.LessOrEqual(t, steps, 200)

	intervals := play(seconds, &p, 40, lively)
	require.Equal(t, time.Second, intervals[39], "the trouble has ended")
}

func TestAdaptiveLaw_approachesALoadedServerFromOneSide(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 10, 100, 1000} {
		var p Pace
		intervals := play(seconds, &p, 60, loaded(20*time.Millisecond, 200*time.Millisecond, n))
		var turns int
		for i := 2; i < len(intervals); i++ {
			before, after := intervals[i-1]-intervals[i-2], intervals[i]-intervals[i-1]
			if before > time.Millisecond && after < -time.Millisecond || before < -time.Millisecond && after > time.Millisecond {
				turns++
			}
		}
		require.LessOrEqual(t, turns, 1, "%d clients: %v", n, intervals)
		require.InDelta(t, intervals[58].Seconds(), intervals[59].Seconds(), 0.001, "%d clients", n)
	}
}

func TestAdaptiveLaw_waitsAsLongAsItIsAskedTo(t *testing.T) {
	t.Parallel()
	p := seconds.Next(Pace{}, Answer{Kind: Refused, Wait: time.Hour})
	every, why := seconds.Interval(p)
	require.Equal(t, time.Hour, every)
	require.Equal(t, ByWait, why)
	every, _ = seconds.Interval(seconds.Next(p, lively(0)))
	require.Equal(t, time.Second, every, "once")
}

func TestAdaptiveLaw_isNeverOutsideItsBoundsAndRecoversFromAnything(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		duration := func(name string, least int64) time.Duration {
			return time.Duration(rapid.Int64Range(least, math.MaxInt64/4).Draw(t, name))
		}
		l := &Law{
			Min: duration("min", 1), Max: duration("max", 1),
			Calm: rapid.IntRange(1, 10).Draw(t, "calm"), Rest: rapid.IntRange(1, 100).Draw(t, "rest"),
		}
		l.Max = max(l.Min, l.Max)
		var p Pace
		for _, kind := range rapid.SliceOfN(rapid.IntRange(0, int(Useless)), 0, 200).Draw(t, "answers") {
			p = l.Next(p, Answer{Kind: Kind(kind), Took: duration("took", 0)})
			every, _ := l.Interval(p)
			require.GreaterOrEqual(t, every, l.Min)
			require.LessOrEqual(t, every, l.Max)
		}
		const k = 2*maxPatience + 64
		intervals := play(l, &p, k+1, func(time.Duration) Answer { return Answer{Kind: News} })
		require.Equal(t, l.Min, intervals[k])
	})
}
