package trpc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/freshet-go/freshet/internal/sched"
)

// LogCalls returns a link that logs each call when it has ended: kind, path,
// how long it took on the given clock, nil meaning the system's, and the error.
// Successes are logged at level Debug, failures at Warn. Inputs, results and
// headers never are.
func LogCalls(log *slog.Logger, c clock.Clock) Link {
	now := sched.New(c).Now
	return func(next Handler) Handler {
		return func(ctx context.Context, op Op) (Answer, error) {
			began := now()
			answer, err := next(ctx, op)
			attrs := append(opAttrs(op), slog.Duration("took", now().Sub(began)))
			if err != nil {
				log.LogAttrs(ctx, slog.LevelWarn, "trpc call failed", append(attrs, slog.Any("error", err))...)
			} else {
				log.LogAttrs(ctx, slog.LevelDebug, "trpc call", attrs...)
			}
			return answer, err
		}
	}
}

// LogEvents returns a link that logs the life of each subscription: losses and
// ends with an error at level Warn, the rest at Debug, without the data.
func LogEvents(log *slog.Logger) StreamLink {
	return func(next StreamHandler) StreamHandler {
		return func(ctx context.Context, op Op) iter.Seq[Event[json.RawMessage]] {
			return func(yield func(Event[json.RawMessage]) bool) {
				for e := range next(ctx, op) {
					level, attrs := slog.LevelDebug, append(opAttrs(op), slog.String("event", e.Kind.String()))
					if e.ID != "" {
						attrs = append(attrs, slog.String("id", excerpt(e.ID)))
					}
					if e.Kind == EventLost {
						attrs = append(attrs, slog.Duration("retryIn", e.RetryIn))
					}
					if e.Err != nil {
						level, attrs = slog.LevelWarn, append(attrs, slog.Any("error", e.Err))
					}
					log.LogAttrs(ctx, level, "trpc subscription", attrs...)
					if !yield(e) {
						return
					}
				}
			}
		}
	}
}

func opAttrs(op Op) []slog.Attr {
	return []slog.Attr{slog.String("kind", op.Kind.String()), slog.String("path", op.Path)}
}

// Timeout returns a link that gives up calls after limit on the given clock, nil
// meaning the system's. They fail with a [*TransportError] that matches
// [context.DeadlineExceeded]; behind a link that repeats calls, each has its own
// limit.
func Timeout(limit time.Duration, c clock.Clock) Link {
	timers := sched.New(c)
	return func(next Handler) Handler {
		return func(ctx context.Context, op Op) (Answer, error) {
			bounded, cancel := context.WithCancelCause(ctx)
			defer cancel(nil)
			timer := timers.AfterFunc(limit, func() { cancel(errTimeout) })
			defer timer.Stop()
			answer, err := next(bounded, op)
			if err == nil || ctx.Err() != nil || !errors.Is(err, errTimeout) {
				return answer, err
			}
			return Answer{}, &TransportError{
				Procedure:      op.Path,
				OutcomeUnknown: errors.Is(err, ErrOutcomeUnknown),
				Err:            fmt.Errorf("no answer within %v: %w", limit, context.DeadlineExceeded),
			}
		}
	}
}

// errTimeout is the cause by which Timeout knows its own doing.
var errTimeout = errors.New("timeout")

// Split returns a link that sends the calls which pick accepts through one link
// and all others through another. Nil links change nothing.
func Split(pick func(Op) bool, accepted, others Link) Link {
	return func(next Handler) Handler {
		yes, no := next, next
		if accepted != nil {
			yes = accepted(next)
		}
		if others != nil {
			no = others(next)
		}
		return func(ctx context.Context, op Op) (Answer, error) {
			if pick(op) {
				return yes(ctx, op)
			}
			return no(ctx, op)
		}
	}
}
