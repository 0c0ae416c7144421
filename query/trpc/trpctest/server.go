package trpctest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"testing"
)

// Server is a running peer. Its methods fail the test on any trouble of their
// own and may be called concurrently, but only while the test runs.
type Server struct {
	URL         string            `json:"url"`     // base URL of the router
	WS          string            `json:"ws"`      // the same for WebSocket
	ControlURL  string            `json:"control"` // empty for old peers
	PID         int               `json:"pid"`
	Tokens      map[string]string `json:"tokens"` // bearer token to seller id; nil for old peers
	Transformer string            `json:"transformer"`

	t testing.TB
}

// Start runs the seller's server of the current tRPC release with the given
// flags until the test ends, on a free port of the loopback interface.
func Start(tb testing.TB, flags ...string) *Server {
	tb.Helper()
	return run(tb, "server.mjs", flags)
}

// StartOld runs a peer of an older line, "v10" or "v11.0", until the test ends.
// It has a few wire procedures, and no control endpoint.
func StartOld(tb testing.TB, line string, flags ...string) *Server {
	tb.Helper()
	return run(tb, "old-peer.mjs", append([]string{"--line", line}, flags...))
}

// dieWithParent makes the server exit when its standard input ends, so that a
// killed test process leaves no server behind.
const dieWithParent = `data:text/javascript,process.stdin.on('end',()=>process.exit()).resume()`

func run(tb testing.TB, script string, flags []string) *Server {
	tb.Helper()
	node, dir := installation(tb)
	args := append([]string{"--import", dieWithParent, script, "--port", "0"}, flags...)
	cmd := exec.CommandContext(tb.Context(), node, args...)
	cmd.Dir = dir
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	stdin, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatalf("trpctest: %v", err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatalf("trpctest: %v", err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatalf("trpctest: start node: %v", err)
	}
	tb.Cleanup(func() {
		_ = stdin.Close()      // fails if the server has gone
		_ = cmd.Process.Kill() // the same
		_ = cmd.Wait()         // reports the signal
		if tb.Failed() && complaints.Len() > 0 {
			tb.Logf("trpctest: the server said:\n%s", complaints.String())
		}
	})
	s := &Server{t: tb}
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, s)
	}
	if err != nil {
		_ = cmd.Process.Kill() // before its complaints are read
		_ = cmd.Wait()         // reports the signal
		tb.Fatalf("trpctest: no ready line (%v); the server said:\n%s", err, complaints.String())
	}
	return s
}

// Control sends one operation with its fields to the control endpoint and
// decodes the answer into the variable that answer points to, or drops it if
// answer is nil.
func (s *Server) Control(op string, fields map[string]any, answer any) {
	s.t.Helper()
	message := map[string]any{}
	maps.Copy(message, fields)
	message["op"] = op
	body, err := json.Marshal(message)
	if err != nil {
		s.t.Fatalf("trpctest: %s: %v", op, err)
	}
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.ControlURL, bytes.NewReader(body))
	if err != nil {
		s.t.Fatalf("trpctest: %s: %v", op, err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatalf("trpctest: %s: %v", op, err)
	}
	defer resp.Body.Close() //nolint:errcheck // reading has reported what matters
	text, err := io.ReadAll(resp.Body)
	if err == nil && answer != nil {
		err = json.Unmarshal(text, answer)
	}
	if err != nil || resp.StatusCode != http.StatusOK {
		s.t.Fatalf("trpctest: %s: status %d: %s (%v)", op, resp.StatusCode, text, err)
	}
}

// required reports whether lacking Node is a failure.
func required() bool { return os.Getenv("FRESHET_REQUIRE_NODE") == "1" }
