package trpc

import "github.com/freshet-go/freshet/internal/httperr"

// MaxRetryAfter is the longest delay an error reports. A server that asks for
// more is cut to it, so that one absurd header cannot silence a client for ever.
const MaxRetryAfter = httperr.MaxRetryAfter
