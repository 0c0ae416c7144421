package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// signedIn returns the seller a request speaks for. The Authorization header counts, else
// the connection parameters in the URL.
func (s *Server) signedIn(r *http.Request, params map[string]string) (sellerID string, err error) {
	credentials := r.Header.Get("authorization")
	if credentials == "" && params["token"] != "" {
		credentials = "Bearer " + params["token"]
	}
	if credentials == "" {
		return "", unauthorized("Missing bearer token")
	}
	scheme, token, _ := strings.Cut(credentials, " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(scheme, "bearer") || token == "" || strings.ContainsAny(token, " \t") {
		return "", unauthorized("Malformed authorization")
	}
	switch token {
	case "tok-expired":
		return "", unauthorized("Token expired")
	case "tok-suspended":
		return "", &refusal{code: "FORBIDDEN", message: "Seller is suspended"}
	}
	for n := 1; n <= s.cfg.Sellers; n++ {
		if token == fmt.Sprintf("tok-%d", n) {
			return fmt.Sprintf("seller_%d", n), nil
		}
	}
	return "", unauthorized("Unknown token")
}

func unauthorized(message string) *refusal {
	return &refusal{code: "UNAUTHORIZED", message: message}
}

// connectionParams reads the parameters a client may put into the URL instead of headers:
// an object of texts, or null.
func connectionParams(values url.Values) (map[string]string, *refusal) {
	text := values.Get("connectionParams")
	if text == "" {
		return nil, nil
	}
	if !json.Valid([]byte(text)) {
		return nil, &refusal{code: "PARSE_ERROR", message: "Not JSON-parsable query params"}
	}
	var params map[string]*string
	if err := json.Unmarshal([]byte(text), &params); err != nil {
		return nil, &refusal{code: "PARSE_ERROR", message: "Invalid connection params shape"}
	}
	texts := map[string]string{}
	for name, value := range params {
		if value == nil {
			return nil, &refusal{code: "PARSE_ERROR", message: "Invalid connection params shape"}
		}
		texts[name] = *value
	}
	return texts, nil
}
