package httperr_test

import (
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/internal/httperr"
)

func TestRetryAfter_isMeasuredFromTheAnswersDateOrFromNow(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	at := func(d time.Duration) string { return now.Add(d).Format(http.TimeFormat) }
	for _, x := range []struct {
		after, date string
		now         time.Time
		want        time.Duration
	}{
		{after: "", now: now},
		{after: " 7 ", want: 7 * time.Second},
		{after: "86401", want: httperr.MaxRetryAfter},
		{after: "99999999999999999999", want: httperr.MaxRetryAfter},
		{after: "soon", now: now},
		{after: "-3", now: now},
		{after: at(time.Minute), now: now, want: time.Minute},
		{after: at(-time.Minute), now: now},
		{after: at(time.Minute), date: at(time.Second), now: now, want: 59 * time.Second},
		{after: at(time.Minute), date: at(time.Second), want: 59 * time.Second},
		{after: at(time.Minute)},
		{after: at(48 * time.Hour), now: now, want: httperr.MaxRetryAfter},
	} {
		header := http.Header{}
		header.Set("Retry-After", x.after)
		header.Set("Date", x.date)
		require.Equal(t, x.want, httperr.RetryAfter(header, x.now), "%+v", x)
	}
}

func TestBusy_isWhatAServerIsSparedFor(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]bool{
		http.StatusOK: false, http.StatusNotFound: false, http.StatusRequestTimeout: true,
		http.StatusTooManyRequests: true, http.StatusInternalServerError: true, http.StatusGatewayTimeout: true,
	} {
		require.Equal(t, want, httperr.Busy(status), status)
	}
}

func TestReason_hasNoURL(t *testing.T) {
	t.Parallel()
	cause := errors.New("broken pipe")
	inner := &url.Error{Op: "Get", URL: "http://a/?secret", Err: cause}
	require.Equal(t, cause, httperr.Reason(&url.Error{Op: "Get", URL: "http://b/?secret", Err: inner}))

	quoting := errors.New(`failed to parse Location header "http://a/%zz?secret"`)
	err := httperr.Reason(&url.Error{Op: "Get", URL: "http://b/", Err: quoting})
	require.NotContains(t, err.Error(), "secret")
	require.ErrorIs(t, err, quoting)
}
