package main

import (
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"
)

func newGauge() (*clock.Mock, *meter, *gauge) {
	mock := clock.NewMock()
	mock.Add(time.Hour)
	m := &meter{clock: mock}
	return mock, m, m.gauge(salesPage, 5*time.Second, 1)
}

func TestGauge_worstAgeIsThatJustBeforeReplacement(t *testing.T) {
	t.Parallel()
	mock, _, g := newGauge()
	g.show(mock.Now())
	mock.Add(7 * time.Second)
	require.Equal(t, 7*time.Second, g.show(mock.Now()))
	mock.Add(2 * time.Second)
	require.Equal(t, 7*time.Second, g.read().worst)
}

func TestGauge_presentAgeCountsAtTheEnd(t *testing.T) {
	t.Parallel()
	mock, _, g := newGauge()
	g.show(mock.Now())
	mock.Add(9 * time.Second)
	require.Equal(t, 9*time.Second, g.read().worst)
}

func TestGauge_ageOnlyCountsWhileSomethingIsShown(t *testing.T) {
	t.Parallel()
	mock, _, g := newGauge()
	mock.Add(time.Minute)
	require.Zero(t, g.read().worst)
	g.show(mock.Now())
	mock.Add(time.Second)
	g.blank()
	mock.Add(time.Minute)
	g.show(mock.Now())
	require.Equal(t, time.Second, g.read().worst)
}

func TestGauge_ageGainedWhileAwayDoesNotCount(t *testing.T) {
	t.Parallel()
	mock, m, g := newGauge()
	g.show(mock.Now())
	mock.Add(4 * time.Second)
	m.attend(false)
	mock.Add(time.Minute)
	require.Equal(t, 4*time.Second, g.read().worst, "what was seen before does")
	m.attend(true)
	mock.Add(2 * time.Second)
	require.Equal(t, 4*time.Second, g.read().worst)
	mock.Add(4 * time.Second)
	require.Equal(t, 6*time.Second, g.read().worst, "a slow return does")
}

func TestGauge_dataDoNotAgeWhilePushIsLive_S30(t *testing.T) {
	t.Parallel()
	mock, _, g := newGauge()
	g.show(mock.Now())
	mock.Add(2 * time.Second)
	g.push(true)
	mock.Add(time.Minute)
	require.Zero(t, g.show(mock.Now()), "what is replaced was current until now")
	require.Equal(t, 2*time.Second, g.read().worst)
	mock.Add(time.Minute)
	g.push(false)
	mock.Add(3 * time.Second)
	require.Equal(t, 3*time.Second, g.read().worst, "since push was lost")
}

func TestMeter_naivePlanIsEachCallByItself(t *testing.T) {
	t.Parallel()
	m := &meter{clock: clock.NewMock()}
	m.gauge(dashboardPage, 5*time.Second, 4)
	m.gauge(orderPage, 3*time.Second, 1)
	require.Equal(t, 4*12+20, m.naive())
}

func TestGauge_writeOfTheSameTimeIsNoReplacement(t *testing.T) {
	t.Parallel()
	mock, _, g := newGauge()
	updated := mock.Now()
	g.show(updated)
	mock.Add(3 * time.Second)
	require.Equal(t, 3*time.Second, g.show(updated), "an optimistic change keeps the time of the data")
	mock.Add(3 * time.Second)
	require.Equal(t, 6*time.Second, g.read().worst)
}

func TestGauge_allowanceIsThePaceTimesTheLength(t *testing.T) {
	t.Parallel()
	_, _, g := newGauge()
	require.Equal(t, 1, g.allowance(0))
	require.Equal(t, 1, g.allowance(5*time.Second))
	require.Equal(t, 2, g.allowance(5100*time.Millisecond))
	require.Equal(t, 6, g.allowance(30*time.Second+50*time.Millisecond))
	require.Equal(t, 12, g.allowance(time.Minute))
}
