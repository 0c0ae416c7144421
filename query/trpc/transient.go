package trpc

import (
	"errors"
	"net"
	"net/http"
	"time"
)

// transient reports whether the same subscription may succeed later.
func transient(err error) bool {
	var refused *Error
	var foreign *HTTPError
	var broken *TransportError
	var network net.Error
	switch {
	case errors.As(err, &refused):
		return transientStatus(refused.HTTPStatus) || refused.HTTPStatus == 0 && refused.Number == internalErrorNumber
	case errors.As(err, &foreign):
		return transientStatus(foreign.Status)
	}
	return errors.As(err, &broken) || errors.As(err, &network)
}

// internalErrorNumber is what servers give for failures of their own.
const internalErrorNumber = -32603

func transientStatus(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, 499:
		return true
	case http.StatusNotImplemented:
		return false
	}
	return status >= http.StatusInternalServerError
}

// refusesID reports whether the last ID may be what the server does not want.
func refusesID(err error) bool {
	for _, code := range []Code{CodeBadRequest, CodeUnprocessableContent, CodePreconditionFailed, CodeConflict} {
		if errors.Is(err, code) {
			return true
		}
	}
	return false
}

func retryAfterOf(err error) time.Duration {
	var refused *Error
	var foreign *HTTPError
	switch {
	case errors.As(err, &refused):
		return refused.RetryAfter
	case errors.As(err, &foreign):
		return foreign.RetryAfter
	}
	return 0
}
