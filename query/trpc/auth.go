package trpc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"

	"golang.org/x/sync/singleflight"
)

// Auth provides the bearer token of calls. Both methods may run concurrently
// for different tokens.
type Auth interface {
	// Token returns the token for a call made with ctx, or "" for an anonymous
	// one. It runs before every call and should be quick.
	Token(ctx context.Context) (string, error)

	// Refresh replaces a token that the server refused and returns the new one,
	// which later calls of Token must return too. However many calls were
	// refused, it runs once per old token. ctx has the values of one of these
	// calls and ends only when the client gives up.
	Refresh(ctx context.Context, old string) (string, error)
}

// BearerToken is an [Auth] with one token that cannot be refreshed. It prints
// as "[redacted]".
type BearerToken string

// Token returns the token.
func (t BearerToken) Token(context.Context) (string, error) { return string(t), nil }

// Refresh fails, so the caller sees that the token was refused.
func (t BearerToken) Refresh(context.Context, string) (string, error) {
	return "", errors.New("a fixed token cannot be refreshed")
}

// String hides the token.
func (t BearerToken) String() string { return "[redacted]" }

// GoString hides the token.
func (t BearerToken) GoString() string { return "trpc.BearerToken([redacted])" }

// LogValue hides the token.
func (t BearerToken) LogValue() slog.Value { return slog.StringValue(t.String()) }

// MarshalText hides the token.
func (t BearerToken) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// authorize sends calls with a token and repeats a refused one with a new token,
// once.
func authorize(r *refresher) Link {
	return func(next Handler) Handler {
		return func(ctx context.Context, op Op) (Answer, error) {
			token, err := r.auth.Token(ctx)
			if err != nil {
				return Answer{}, fmt.Errorf("trpc: %s: token: %w", op.Path, err)
			}
			answer, refusal := next(ctx, op.withToken(token))
			if !unauthorized(refusal) {
				return answer, refusal
			}
			fresh, err := r.replace(ctx, token)
			if err != nil {
				return Answer{}, fmt.Errorf("%w (no new token: %w)", refusal, err)
			}
			return next(ctx, op.withToken(fresh))
		}
	}
}

func (op Op) withToken(token string) Op {
	if token == "" {
		return op
	}
	return op.withHeader("Authorization", "Bearer "+token)
}

// unauthorized covers gateways, which refuse a token without knowing of tRPC.
func unauthorized(err error) bool {
	var foreign *HTTPError
	return errors.Is(err, CodeUnauthorized) ||
		errors.As(err, &foreign) && foreign.Status == http.StatusUnauthorized
}

// refresher lets calls with the same refused token share one refresh.
type refresher struct {
	auth    Auth
	life    *lifetime
	flights singleflight.Group
}

// replace returns the successor of old. The refresh goes on when the caller
// leaves, since others may wait for it and later calls gain from it.
func (r *refresher) replace(ctx context.Context, old string) (string, error) {
	done := make(chan singleflight.Result, 1)
	r.life.spawn(func() {
		token, err, _ := r.flights.Do(old, func() (any, error) { return r.refresh(ctx, old) })
		done <- singleflight.Result{Val: token, Err: err}
	})
	select {
	case result := <-done:
		token, _ := result.Val.(string)
		return token, result.Err
	case <-ctx.Done():
		return "", contextError(ctx)
	}
}

func (r *refresher) refresh(ctx context.Context, old string) (token string, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	ctx, stop := r.life.bound(context.WithoutCancel(ctx))
	defer stop(nil)
	// A call that was refused late finds the work already done.
	if current, err := r.auth.Token(ctx); err == nil && current != old && current != "" {
		return current, nil
	}
	return r.auth.Refresh(ctx, old)
}
