package trpc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

var (
	// ErrClosed is the cause when a call meets a client that is closed, or that
	// gives up on running requests while it closes.
	ErrClosed = errors.New("client is closed")

	// ErrOutcomeUnknown matches every error of a mutation that was sent and may
	// have run although its answer is lost. Repeat such a mutation only if the
	// server recognises repetitions.
	ErrOutcomeUnknown = errors.New("outcome unknown")

	// ErrNotTRPC is the cause in an [*HTTPError] when the body of the response
	// is not shaped like a tRPC answer.
	ErrNotTRPC = errors.New("not a tRPC response")

	// ErrMissingResult is the cause in an [*HTTPError] when a batch was answered
	// with fewer results than it had calls.
	ErrMissingResult = errors.New("missing result")

	// ErrRedirect is the cause in an [*HTTPError] when the server answered with
	// a redirect, which is never followed.
	ErrRedirect = errors.New("redirect not followed")

	// ErrResponseTooLarge is the cause in an [*HTTPError] when the body is
	// longer than Config.MaxResponseBytes.
	ErrResponseTooLarge = errors.New("response too large")

	// ErrStreamCut is the cause in a [*TransportError] when a streamed batch
	// ended before the answer of the call. Calls that were answered before are
	// not affected.
	ErrStreamCut = errors.New("stream ended before the answer")

	// ErrInactive is the cause in a [*TransportError] when a connection of a
	// subscription gave no sign of life in time.
	ErrInactive = errors.New("no sign of life")

	// ErrSlowConsumer is the cause in a [*TransportError] when a subscription was
	// cut off because it held up the others of its WebSocket.
	ErrSlowConsumer = errors.New("slow consumer held up the connection")

	// ErrURLTooLong is the cause when the URL of a single call is longer than
	// Batch.MaxURLLength. Nothing was sent.
	ErrURLTooLong = errors.New("URL too long")
)

// Error is a failure that a tRPC server reports for one call. Fields that the
// server did not send, or whose formatter removed, are zero.
type Error struct {
	Procedure  string          // path as it was called
	Code       Code            // see [Code]; from the name, else the status, else the number
	Number     int             // JSON-RPC number, which several codes share
	HTTPStatus int             // status of this call, which in a batch differs from the response's
	Message    string          // as the server wrote it; may be the JSON text of validation issues
	Path       string          // path as the server saw it; empty if the whole request was refused
	Data       json.RawMessage // everything the error formatter added, as plain JSON; may be nil
	RetryAfter time.Duration   // what the response asked for; 0 means nothing

	// OutcomeUnknown is set when a mutation may have run nevertheless: the
	// server failed as a whole, for example to encode a result.
	OutcomeUnknown bool
}

// Error describes the failure in one line of bounded length.
func (e *Error) Error() string {
	name := string(e.Code)
	if name == "" {
		name = "error " + strconv.Itoa(e.Number)
	}
	text := "trpc: " + e.Procedure + ": " + excerpt(name)
	if e.Message != "" && e.Message != name {
		text += ": " + excerpt(e.Message)
	}
	return text + unknownNote(e.OutcomeUnknown)
}

// Is reports whether target is the code of e, or [ErrOutcomeUnknown] if that
// is so.
func (e *Error) Is(target error) bool {
	if code, ok := target.(Code); ok {
		return e.Code == code
	}
	return e.OutcomeUnknown && target == ErrOutcomeUnknown
}

// HTTPError is a complete HTTP response that does not answer the call as tRPC,
// such as the page of a proxy or of a login.
type HTTPError struct {
	Procedure   string
	Status      int
	ContentType string        // as received, cut to a bounded length
	Excerpt     string        // start of the body on one line, at most 200 characters; empty for cut-off JSON
	RetryAfter  time.Duration // what the response asked for; 0 means nothing

	// OutcomeUnknown is set for a mutation unless the status says that it was
	// refused: 4xx other than 408 and 499.
	OutcomeUnknown bool

	// Err is the reason: [ErrNotTRPC], [ErrMissingResult], [ErrRedirect],
	// [ErrResponseTooLarge], or [io.ErrUnexpectedEOF] for JSON that stops early.
	Err error
}

// Error describes the response in one line of bounded length.
func (e *HTTPError) Error() string {
	text := fmt.Sprintf("trpc: %s: HTTP status %d", e.Procedure, e.Status)
	if e.ContentType != "" {
		text += " (" + e.ContentType + ")"
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	if e.Excerpt != "" {
		text += ": " + strconv.Quote(e.Excerpt)
	}
	return text + unknownNote(e.OutcomeUnknown)
}

// Unwrap returns the reason.
func (e *HTTPError) Unwrap() error { return e.Err }

// Is reports whether target is [ErrOutcomeUnknown] and that is so.
func (e *HTTPError) Is(target error) bool {
	return e.OutcomeUnknown && target == ErrOutcomeUnknown
}

// TransportError means that no complete response arrived: the connection
// failed, the body was cut, or the call was given up.
type TransportError struct {
	Procedure string
	Status    int // of a response whose body is incomplete; 0 if none began

	// OutcomeUnknown is set for a mutation unless it certainly was not sent.
	OutcomeUnknown bool

	// Err is the cause. It is the cause of the caller's context if that ended
	// the call, and never holds the URL.
	Err error
}

// Error describes the failure in one line of bounded length.
func (e *TransportError) Error() string {
	text := "trpc: " + e.Procedure + ": "
	if e.Status != 0 {
		text += fmt.Sprintf("HTTP status %d: incomplete response: ", e.Status)
	}
	if e.Err != nil {
		text += excerpt(e.Err.Error())
	}
	return text + unknownNote(e.OutcomeUnknown)
}

// Unwrap returns the cause.
func (e *TransportError) Unwrap() error { return e.Err }

// Is reports whether target is [ErrOutcomeUnknown] and that is so.
func (e *TransportError) Is(target error) bool {
	return e.OutcomeUnknown && target == ErrOutcomeUnknown
}

// DecodeError means that the call succeeded, a mutation has run, and the result
// does not fit the Go type of the procedure.
type DecodeError struct {
	Procedure string
	Err       error // why: usually a *json.UnmarshalTypeError, or the transformer's error
}

// Error describes the failure without the result itself.
func (e *DecodeError) Error() string {
	return "trpc: " + e.Procedure + ": decode result: " + excerpt(e.Err.Error())
}

// Unwrap returns the reason.
func (e *DecodeError) Unwrap() error { return e.Err }

// PanicError carries a panic of the caller's own code, such as a marshaler, a
// [Link] or an [Auth], out of a call.
type PanicError struct {
	Value any    // what was passed to panic
	Stack []byte // where, as debug.Stack prints it
}

// Error names the value, without the stack.
func (e *PanicError) Error() string { return excerpt(fmt.Sprintf("panic: %v", e.Value)) }

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

func unknownNote(unknown bool) string {
	if unknown {
		return " (outcome unknown)"
	}
	return ""
}

// contextError returns why ctx is done, so that errors.Is finds both the
// standard error and a cause given by the caller.
func contextError(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if errors.Is(cause, err) {
		return cause
	}
	return fmt.Errorf("%w: %w", err, cause)
}

const maxExcerpt = 200

// excerpt puts foreign text on one line of bounded length, so that it can
// neither flood nor forge a log.
func excerpt(text string) string {
	if len(text) > 16*maxExcerpt {
		text = text[:16*maxExcerpt]
	}
	printable := func(r rune) rune {
		if strconv.IsPrint(r) && r != '\uFFFD' {
			return r
		}
		return ' '
	}
	text = strings.Join(strings.Fields(strings.Map(printable, text)), " ")
	if runes := []rune(text); len(runes) > maxExcerpt {
		return string(runes[:maxExcerpt-1]) + "…"
	}
	return text
}
