package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

// envelope is the answer to one call: a result or an error.
type envelope struct {
	Result *result  `json:"result,omitempty"`
	Error  *failure `json:"error,omitempty"`
}

type result struct {
	Data any `json:"data"`
}

type failure struct {
	Message string      `json:"message"`
	Code    int         `json:"code"`
	Data    failureData `json:"data"`
}

type failureData struct {
	Code        string      `json:"code"`
	HTTPStatus  int         `json:"httpStatus"`
	Path        *string     `json:"path,omitempty"` // nil when the request as a whole failed
	ZodError    *flatIssues `json:"zodError"`
	*brokenRule             // nil when it was something else
}

// brokenRule tells programs which rule of the shop a call broke.
type brokenRule struct {
	Reason  string `json:"reason"`
	Details any    `json:"details"`
}

// meta is what an answer says besides the results of the calls.
type meta struct {
	number int // of the request
	fault  Fault
}

// answer runs the calls of a request and writes their results.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, req request, m meta) {
	if r.Method == http.MethodHead {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("vary", "trpc-accept, accept")
	refused := req.check(r)
	params, badParams := connectionParams(req.query)
	if refused == nil {
		refused = badParams
	}
	if refused != nil {
		shape := shapeOf(refused, nil)
		writeJSON(w, shape.Data.HTTPStatus, "text/plain;charset=UTF-8", envelope{Error: shape})
		return
	}
	envelopes := make([]envelope, len(req.calls))
	for i, c := range req.calls {
		envelopes[i] = s.run(r, c, params, m.fault)
	}
	setHeaders(w.Header(), r.Method, req, envelopes, m)
	if req.batch {
		writeJSON(w, statusOf(envelopes), "application/json", envelopes)
		return
	}
	writeJSON(w, statusOf(envelopes), "application/json", envelopes[0])
}

// run makes one call.
func (s *Server) run(r *http.Request, c call, params map[string]string, fault Fault) envelope {
	data, err := func() (any, error) {
		if !c.found {
			return nil, &refusal{code: "NOT_FOUND", message: fmt.Sprintf("No procedure found on path %q", c.path)}
		}
		if r.Method != c.procedure.kind.method() {
			return nil, &refusal{
				code:    "METHOD_NOT_SUPPORTED",
				message: fmt.Sprintf("Unsupported %s-request to %s procedure at path %q", r.Method, c.procedure.kind, c.path),
			}
		}
		if fault.Kind == FailCalls && fault.hits(c.path) {
			return nil, fault.refusal()
		}
		if c.procedure.kind == subscription {
			return nil, &refusal{code: "METHOD_NOT_SUPPORTED", message: "Subscriptions are not part of batches"}
		}
		sellerID, err := s.signedIn(r, params)
		if err != nil {
			return nil, err
		}
		return c.procedure.answer(s.store, sellerID, c.input)
	}()
	if err != nil {
		return envelope{Error: shapeOf(err, &c.path)}
	}
	return envelope{Result: &result{Data: data}}
}

// shapeOf is an error as clients see it. An error that is no refusal hides its text.
func shapeOf(err error, path *string) *failure {
	var refused *refusal
	if !errors.As(err, &refused) {
		refused = &refusal{code: "INTERNAL_SERVER_ERROR", message: "INTERNAL_SERVER_ERROR"}
	}
	code, _ := lookupCode(refused.code)
	shape := &failure{Message: refused.message, Code: code.number, Data: failureData{
		Code: refused.code, HTTPStatus: code.status, Path: path, ZodError: flatten(refused.issues),
	}}
	if refused.reason != "" {
		shape.Data.brokenRule = &brokenRule{Reason: refused.reason, Details: refused.details}
	}
	return shape
}

// statusOf is the status all calls share, or 207.
func statusOf(envelopes []envelope) int {
	status := 0
	for _, e := range envelopes {
		own := http.StatusOK
		if e.Error != nil {
			own = e.Error.Data.HTTPStatus
		}
		if status != 0 && status != own {
			return http.StatusMultiStatus
		}
		status = own
	}
	return status
}

// setHeaders describes the calls' results. An answer may be cached only if every call of it
// may; the method that would have been right is told when one was wrong.
func setHeaders(h http.Header, method string, req request, envelopes []envelope, m meta) {
	h.Set("x-request-id", "req-"+strconv.Itoa(m.number))
	if m.fault.RetryAfter > 0 {
		h.Set("retry-after", m.fault.seconds())
	}
	cache := req.calls[0].procedure.cache
	for i, c := range req.calls {
		if c.found && method != c.procedure.kind.method() {
			h.Set("allow", c.procedure.kind.method())
		}
		if envelopes[i].Error != nil || c.procedure.cache != cache {
			cache = ""
		}
	}
	if cache != "" {
		h.Set("cache-control", cache)
	}
}

func writeJSON(w http.ResponseWriter, status int, contentType string, v any) {
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err) // the model's types always encode
	}
	writePage(w, status, contentType, string(bytes.TrimSuffix(body.Bytes(), []byte("\n"))))
}

const (
	notFoundPage   = "<!DOCTYPE html>\r\n<html><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1></body></html>\r\n"
	badGatewayPage = "<!DOCTYPE html>\r\n<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n" +
		"<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>edge-proxy</center>\r\n</body>\r\n</html>\r\n"
)

func writePage(w http.ResponseWriter, status int, contentType, body string) {
	w.Header().Set("content-type", contentType)
	w.Header().Set("content-length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body)) // the client may have left
}
