package trpc

import "net/http"

// Code names what went wrong in a procedure, the way tRPC spells it. Names that
// this package does not know are kept as the server sent them; the empty Code
// means that the server gave nothing to tell it from. A Code is an error only so
// that errors.Is(err, CodeConflict) finds an [*Error] with it.
type Code string //nolint:errname // it names errors

// The codes of tRPC 11; version 10 knows most of them.
//
//nolint:errname // they name errors
const (
	CodeParseError           Code = "PARSE_ERROR"
	CodeBadRequest           Code = "BAD_REQUEST"
	CodeInternalServerError  Code = "INTERNAL_SERVER_ERROR"
	CodeNotImplemented       Code = "NOT_IMPLEMENTED"
	CodeBadGateway           Code = "BAD_GATEWAY"
	CodeServiceUnavailable   Code = "SERVICE_UNAVAILABLE"
	CodeGatewayTimeout       Code = "GATEWAY_TIMEOUT"
	CodeUnauthorized         Code = "UNAUTHORIZED"
	CodePaymentRequired      Code = "PAYMENT_REQUIRED"
	CodeForbidden            Code = "FORBIDDEN"
	CodeNotFound             Code = "NOT_FOUND"
	CodeMethodNotSupported   Code = "METHOD_NOT_SUPPORTED"
	CodeTimeout              Code = "TIMEOUT"
	CodeConflict             Code = "CONFLICT"
	CodePreconditionFailed   Code = "PRECONDITION_FAILED"
	CodePayloadTooLarge      Code = "PAYLOAD_TOO_LARGE"
	CodeUnsupportedMediaType Code = "UNSUPPORTED_MEDIA_TYPE"
	CodeUnprocessableContent Code = "UNPROCESSABLE_CONTENT"
	CodePreconditionRequired Code = "PRECONDITION_REQUIRED"
	CodeTooManyRequests      Code = "TOO_MANY_REQUESTS"
	CodeClientClosedRequest  Code = "CLIENT_CLOSED_REQUEST"
)

// Error returns the name, so that a Code can be the target of errors.Is.
func (c Code) Error() string { return "trpc: " + string(c) }

// codeRow relates a code to its JSON-RPC number and HTTP status.
type codeRow struct {
	code   Code
	number int
	status int
}

// codeTable lists the code that a number or a status alone stands for before
// the others that share it.
func codeTable() []codeRow {
	return []codeRow{
		{CodeBadRequest, -32600, http.StatusBadRequest},
		{CodeParseError, -32700, http.StatusBadRequest},
		{CodeInternalServerError, -32603, http.StatusInternalServerError},
		{CodeNotImplemented, -32603, http.StatusNotImplemented},
		{CodeBadGateway, -32603, http.StatusBadGateway},
		{CodeServiceUnavailable, -32603, http.StatusServiceUnavailable},
		{CodeGatewayTimeout, -32603, http.StatusGatewayTimeout},
		{CodeUnauthorized, -32001, http.StatusUnauthorized},
		{CodePaymentRequired, -32002, http.StatusPaymentRequired},
		{CodeForbidden, -32003, http.StatusForbidden},
		{CodeNotFound, -32004, http.StatusNotFound},
		{CodeMethodNotSupported, -32005, http.StatusMethodNotAllowed},
		{CodeTimeout, -32008, http.StatusRequestTimeout},
		{CodeConflict, -32009, http.StatusConflict},
		{CodePreconditionFailed, -32012, http.StatusPreconditionFailed},
		{CodePayloadTooLarge, -32013, http.StatusRequestEntityTooLarge},
		{CodeUnsupportedMediaType, -32015, http.StatusUnsupportedMediaType},
		{CodeUnprocessableContent, -32022, http.StatusUnprocessableEntity},
		{CodePreconditionRequired, -32028, http.StatusPreconditionRequired},
		{CodeTooManyRequests, -32029, http.StatusTooManyRequests},
		{CodeClientClosedRequest, -32099, 499},
	}
}

// codeOf identifies an error without a name: by its status, helped by the number
// where codes share one, and by the number alone where the status says nothing.
func codeOf(status, number int) Code {
	var byStatus, byNumber Code
	for _, row := range codeTable() {
		if row.status == status && row.number == number {
			return row.code
		}
		if row.status == status && byStatus == "" {
			byStatus = row.code
		}
		if row.number == number && byNumber == "" {
			byNumber = row.code
		}
	}
	if byStatus != "" {
		return byStatus
	}
	return byNumber
}

func statusOf(code Code) int {
	for _, row := range codeTable() {
		if row.code == code {
			return row.status
		}
	}
	return 0
}
