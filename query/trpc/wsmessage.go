package trpc

import (
	"encoding/json"
	"strconv"
)

// wsKind tells what a message over a WebSocket means to a client.
type wsKind uint8

const (
	wsUnknown wsKind = iota // to be ignored
	wsPing
	wsPong
	wsReconnect
	wsRefused // an error about no call in particular
	wsStarted
	wsData
	wsStopped
	wsFailed
)

// wsMessage is a message from the server.
type wsMessage struct {
	kind  wsKind
	call  int    // ID of the subscription, of those from wsStarted on
	value pushed // of wsData
	shape *errorShape
}

// parseWSMessage reads what a server sent. Whatever has no meaning here is
// unknown, since one odd message does not spoil the connection.
func parseWSMessage(text []byte, t Transformer) wsMessage {
	switch string(text) {
	case "PING":
		return wsMessage{kind: wsPing}
	case "PONG":
		return wsMessage{kind: wsPong}
	}
	top, err := parseObject(text)
	if err != nil {
		return wsMessage{}
	}
	if stringOf(top["method"]) == "reconnect" {
		return wsMessage{kind: wsReconnect}
	}
	call, numbered := numberOf(top["id"])
	if failure, ok := top["error"]; ok {
		shape, ok := parseError(failure, t)
		switch {
		case !ok:
			return wsMessage{}
		case !numbered:
			return wsMessage{kind: wsRefused, shape: shape}
		}
		return wsMessage{kind: wsFailed, call: call, shape: shape}
	}
	result, err := parseObject(top["result"])
	if err != nil || !numbered {
		return wsMessage{}
	}
	switch stringOf(result["type"]) {
	case "started":
		return wsMessage{kind: wsStarted, call: call}
	case "stopped":
		return wsMessage{kind: wsStopped, call: call}
	case "data":
		return wsMessage{kind: wsData, call: call, value: wsValue(result, t)}
	}
	return wsMessage{}
}

// wsValue unwraps a tracked value, which comes together with its ID as one
// value of the transformer.
func wsValue(result map[string]json.RawMessage, t Transformer) pushed {
	value := pushed{id: stringOf(result["id"]), data: result["data"]}
	if value.id == "" {
		return value
	}
	var plain json.RawMessage
	if t.Decode(value.data, &plain) != nil {
		return value // which fails again, where the error can be told
	}
	fields, err := parseObject(plain)
	if err != nil {
		return value
	}
	value.data = fields["data"]
	if _, same := t.(plainJSON); same || value.data == nil {
		return value
	}
	if encoded, err := t.Encode(value.data); err == nil {
		value.data = encoded
	}
	return value
}

func wsSubscribe(call int, op Op) ([]byte, error) {
	type params struct {
		Path  string          `json:"path"`
		Input json.RawMessage `json:"input,omitempty"`
		After string          `json:"lastEventId,omitempty"`
	}
	return json.Marshal(struct {
		ID     int    `json:"id"`
		Method string `json:"method"`
		Params params `json:"params"`
	}{call, "subscription", params{op.Path, op.Input, op.After}})
}

func wsStop(call int) []byte {
	return []byte(`{"id":` + strconv.Itoa(call) + `,"method":"subscription.stop"}`)
}

func wsParams(params map[string]string) ([]byte, error) {
	return json.Marshal(struct {
		Method string            `json:"method"`
		Data   map[string]string `json:"data"`
	}{"connectionParams", params})
}
