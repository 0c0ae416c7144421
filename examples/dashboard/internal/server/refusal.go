package server

// refusal is a call's error as the caller is to see it: a tRPC code with a message, and for
// broken rules of the shop a machine-readable reason. Errors of any other type become
// INTERNAL_SERVER_ERROR.
type refusal struct {
	code    string
	message string
	issues  []issue // what is wrong with the input, if that is it
	reason  string  // which rule of the shop was broken, if one was
	details any
}

func (r *refusal) Error() string { return "server: " + r.code + ": " + r.message }

// errorCode is what tRPC attaches to the name of an error.
type errorCode struct {
	number int // JSON-RPC
	status int // HTTP
}

// lookupCode finds a tRPC error by its name.
func lookupCode(name string) (errorCode, bool) {
	code, ok := map[string]errorCode{
		"PARSE_ERROR":            {-32700, 400},
		"BAD_REQUEST":            {-32600, 400},
		"INTERNAL_SERVER_ERROR":  {-32603, 500},
		"NOT_IMPLEMENTED":        {-32603, 501},
		"BAD_GATEWAY":            {-32603, 502},
		"SERVICE_UNAVAILABLE":    {-32603, 503},
		"GATEWAY_TIMEOUT":        {-32603, 504},
		"UNAUTHORIZED":           {-32001, 401},
		"PAYMENT_REQUIRED":       {-32002, 402},
		"FORBIDDEN":              {-32003, 403},
		"NOT_FOUND":              {-32004, 404},
		"METHOD_NOT_SUPPORTED":   {-32005, 405},
		"TIMEOUT":                {-32008, 408},
		"CONFLICT":               {-32009, 409},
		"PRECONDITION_FAILED":    {-32012, 412},
		"PAYLOAD_TOO_LARGE":      {-32013, 413},
		"UNSUPPORTED_MEDIA_TYPE": {-32015, 415},
		"UNPROCESSABLE_CONTENT":  {-32022, 422},
		"PRECONDITION_REQUIRED":  {-32028, 428},
		"TOO_MANY_REQUESTS":      {-32029, 429},
		"CLIENT_CLOSED_REQUEST":  {-32099, 499},
	}[name]
	return code, ok
}
