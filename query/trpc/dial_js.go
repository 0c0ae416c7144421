package trpc

import (
	"context"
	"net/http"

	"github.com/coder/websocket"
)

// dialWebSocket leaves the headers out: browsers let no program set them.
func dialWebSocket(ctx context.Context, url string, _ http.Header, _ *http.Client) (*websocket.Conn, *http.Response, error) {
	return websocket.Dial(ctx, url, nil)
}
