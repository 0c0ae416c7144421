package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/trpc"
)

// health is how a query is doing, whatever its data are.
type health struct {
	hasData  bool
	age      time.Duration
	nextPoll time.Time // zero if it does not poll
	fetching bool
	waiting  bool // for network or focus
	failures int  // of the present fetch
	attempts int  // that a fetch has
	retryAt  time.Time
	err      error // of the last fetch, or of the last attempt
	push     query.PushStatus
}

func healthOf[T any](r query.Result[T], attempts int) health {
	h := health{
		hasData: r.HasData(), age: r.Age(), nextPoll: r.NextPollAt(),
		fetching: r.IsFetching(), waiting: r.IsPaused(),
		failures: r.FailureCount(), attempts: attempts, retryAt: r.RetryAt(),
		err: r.Err(), push: r.Push().Status,
	}
	if h.err == nil {
		h.err = r.FailureReason()
	}
	return h
}

// mood sums up a health in one word.
type mood int

const (
	idle       mood = iota // nothing asked for
	loading                // no data yet
	live                   // data, kept fresh
	refreshing             // data, newer ones under way
	retrying               // an attempt failed, another will follow
	paused                 // waiting for network or focus
	failed                 // the last fetch failed; data, if any, are old
)

func (h health) mood() mood {
	switch {
	case h.waiting:
		return paused
	case h.fetching && h.failures > 0:
		return retrying
	case h.fetching && h.hasData:
		return refreshing
	case h.fetching:
		return loading
	case h.err != nil:
		return failed
	case h.hasData:
		return live
	default:
		return idle
	}
}

// trouble says what is wrong, without times, which change by themselves.
func (h health) trouble() string {
	switch h.mood() {
	case retrying:
		return fmt.Sprintf("retries, attempt %d of %d: %s", h.failures+1, h.attempts, reason(h.err))
	case paused:
		if h.err != nil {
			return "paused, last failure: " + reason(h.err)
		}
		return "paused"
	case failed:
		return "failed: " + reason(h.err)
	default:
		return ""
	}
}

// status is a line about a query for people.
func (h health) status(now time.Time) string {
	updated := "no data yet"
	if h.hasData {
		updated = "updated " + ago(h.age)
	}
	switch h.mood() {
	case loading:
		return "loading"
	case refreshing:
		return updated + " · refreshing"
	case retrying:
		wait := ""
		if h.retryAt.After(now) {
			wait = fmt.Sprintf(" in %s", seconds(h.retryAt.Sub(now)))
		}
		return fmt.Sprintf("%s · attempt %d of %d%s · %s", updated, h.failures+1, h.attempts, wait, clean(reason(h.err)))
	case paused, failed:
		return updated + " · " + clean(h.trouble())
	case live:
		next := "next poll"
		switch h.push {
		case query.PushLive:
			updated, next = updated+" · push live", "safety poll"
		case query.PushLost:
			updated += " · push lost"
		case query.PushNone: // as ever
		}
		if h.nextPoll.After(now) {
			return fmt.Sprintf("%s · %s in %s", updated, next, seconds(h.nextPoll.Sub(now)))
		}
		return updated
	default:
		return updated
	}
}

// reason is the point of an error, short enough for a line.
func reason(err error) string {
	var transport *trpc.TransportError
	var page *trpc.HTTPError
	var refusal *trpc.Error
	var slow interface{ Timeout() bool }
	switch {
	case errors.As(err, &slow) && slow.Timeout():
		return "it took too long"
	case errors.As(err, &transport):
		for err := error(transport); ; {
			next := errors.Unwrap(err)
			if next == nil {
				return err.Error()
			}
			err = next
		}
	case errors.As(err, &page):
		return fmt.Sprintf("HTTP status %d", page.Status)
	case errors.As(err, &refusal) && refusal.Message != "":
		return refusal.Message
	case err == nil:
		return "no reason given"
	default:
		return err.Error()
	}
}
