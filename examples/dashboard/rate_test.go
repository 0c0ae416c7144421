package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"
)

func TestRate_isThatOfTheLastMinute(t *testing.T) {
	t.Parallel()
	mock := clock.NewMock()
	r := &rate{clock: mock, began: mock.Now()}
	require.Zero(t, r.perMinute())
	r.count()
	require.Equal(t, 1, r.perMinute())
	mock.Add(30 * time.Second)
	r.count()
	require.Equal(t, 4, r.perMinute(), "two in half a minute")
	mock.Add(30 * time.Second)
	require.Equal(t, 1, r.perMinute(), "the first is a minute old")
	mock.Add(30 * time.Second)
	require.Zero(t, r.perMinute())
}

type refuses struct{}

func (refuses) RoundTrip(*http.Request) (*http.Response, error) { return nil, http.ErrHandlerTimeout }

func TestRate_requestsThatFailCountToo(t *testing.T) {
	t.Parallel()
	mock := clock.NewMock()
	r := &rate{clock: mock, began: mock.Now()}
	_, err := (&http.Client{Transport: r.over(refuses{})}).Get("http://shop.test") //nolint:bodyclose // there is none
	require.ErrorIs(t, err, http.ErrHandlerTimeout)
	require.Equal(t, 1, r.perMinute())
}
