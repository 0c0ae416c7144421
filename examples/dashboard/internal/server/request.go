package server

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const maxBody = 1 << 20

// request is what one HTTP request asks for: a call, or a batch of them.
type request struct {
	batch bool
	calls []call
	query url.Values
}

// call is one procedure call of a request.
type call struct {
	path      string
	procedure procedure
	found     bool
	input     inputFunc
}

// payload is the JSON text that comes with a request, from its body or its URL. An error of
// reading it fails only the calls that have an input.
type payload struct {
	text []byte
	err  error
}

// parse splits a request into its calls. It reads the body to its end, so that net/http
// notices when the client leaves.
func (s *Server) parse(r *http.Request, path string) request {
	req := request{query: r.URL.Query()}
	req.batch = req.query.Get("batch") == "1"
	sent := payload{text: []byte(req.query.Get("input"))}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		sent = readBody(r)
	}
	if !req.batch {
		req.calls = []call{s.callOf(path, sent.value)}
		return req
	}
	for i, path := range strings.Split(path, ",") {
		req.calls = append(req.calls, s.callOf(path, func() (json.RawMessage, error) { return sent.member(i) }))
	}
	return req
}

func (s *Server) callOf(path string, input inputFunc) call {
	p, found := s.procedures[path]
	return call{path: path, procedure: p, found: found, input: input}
}

func readBody(r *http.Request) payload {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		err = &refusal{code: "PAYLOAD_TOO_LARGE", message: "PAYLOAD_TOO_LARGE"}
	}
	return payload{text: body, err: err}
}

// value is the input of a single call; no text is no input.
func (p payload) value() (json.RawMessage, error) {
	if p.err != nil || len(p.text) == 0 {
		return nil, p.err
	}
	var value json.RawMessage
	if err := json.Unmarshal(p.text, &value); err != nil {
		return nil, &refusal{code: "BAD_REQUEST", message: err.Error()}
	}
	return value, nil
}

// member is the input of the i-th call of a batch, out of the object of inputs.
func (p payload) member(i int) (json.RawMessage, error) {
	value, err := p.value()
	if err != nil || value == nil {
		return nil, err
	}
	var inputs map[string]json.RawMessage
	if typeOf(value) != "object" || json.Unmarshal(value, &inputs) != nil {
		return nil, &refusal{code: "BAD_REQUEST", message: `"input" needs to be an object when doing a batch call`}
	}
	return inputs[strconv.Itoa(i)], nil
}

// check finds what is wrong with the request as a whole, before any call runs.
func (req *request) check(r *http.Request) *refusal {
	contentType := r.Header.Get("content-type")
	media, _, _ := strings.Cut(contentType, ";")
	media = strings.ToLower(strings.TrimSpace(media))
	switch {
	case r.Method == http.MethodGet:
		if media == "multipart/form-data" || media == "application/octet-stream" {
			return &refusal{code: "METHOD_NOT_SUPPORTED", message: "Only POST requests are supported for " + media + " requests"}
		}
	case contentType == "":
		return &refusal{code: "UNSUPPORTED_MEDIA_TYPE", message: "Missing content-type header"}
	case media != "application/json":
		// The missing quote is the protocol's own.
		return &refusal{code: "UNSUPPORTED_MEDIA_TYPE", message: `Unsupported content-type "` + contentType}
	}
	return req.checkKinds()
}

// checkKinds refuses batches of queries and mutations.
func (req *request) checkKinds() *refusal {
	var kinds []string
	for _, c := range req.calls {
		if c.found && !slices.Contains(kinds, string(c.procedure.kind)) {
			kinds = append(kinds, string(c.procedure.kind))
		}
	}
	if len(kinds) > 1 {
		return &refusal{code: "BAD_REQUEST", message: "Cannot mix procedure types in call: " + strings.Join(kinds, ", ")}
	}
	return nil
}
