//go:build !js

package trpc

import (
	"context"
	"net/http"

	"github.com/coder/websocket"
)

func dialWebSocket(ctx context.Context, url string, header http.Header, client *http.Client) (*websocket.Conn, *http.Response, error) {
	return websocket.Dial(ctx, url, &websocket.DialOptions{HTTPClient: client, HTTPHeader: header})
}
