package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// node is a running tRPC server.
type node struct {
	URL     string `json:"url"`
	Control string `json:"control"`
	Version string `json:"trpc"`

	stdin io.Closer
	cmd   *exec.Cmd
	said  bytes.Buffer
}

// dieWithParent makes the server exit when its standard input ends, so that it does
// not outlive a killed program.
const dieWithParent = `data:text/javascript,process.stdin.on('end',()=>process.exit()).resume()`

// How often the server says over SSE that it is there, and when a client may think
// that it is not.
const (
	pingEvery   = 10 * time.Second
	silentAfter = 30 * time.Second
)

// startNode starts a server, after it has fetched its packages if need be.
func startNode(ctx context.Context) (*node, error) {
	dir, err := serverDir()
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		install := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
		install.Dir = dir
		if out, err := install.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("npm ci: %w\n%s", err, out)
		}
	}
	n := &node{}
	n.cmd = exec.Command("node", "--import", dieWithParent, "server.mjs", "--port", "0", //nolint:noctx // close ends it
		"--sse-ping-ms", ms(pingEvery), "--sse-inactivity-ms", ms(silentAfter))
	n.cmd.Dir, n.cmd.Stderr = dir, &n.said
	stdin, err := n.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	n.stdin = stdin
	stdout, err := n.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := n.cmd.Start(); err != nil {
		return nil, fmt.Errorf("this needs Node: %w", err)
	}
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, n)
	}
	if err != nil {
		n.close()
		return nil, fmt.Errorf("the server did not start: %w\n%s", err, n.said.String())
	}
	return n, nil
}

func ms(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// serverDir finds the server in the repository that the program is run in.
func serverDir() (string, error) {
	at, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		dir := filepath.Join(at, "query", "trpc", "testdata", "server")
		if _, err := os.Stat(filepath.Join(dir, "server.mjs")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(at)
		if parent == at {
			return "", errors.New("run this in the repository: the server is in query/trpc/testdata/server")
		}
		at = parent
	}
}

func (n *node) close() {
	_ = n.stdin.Close() // fails if the server has gone
	_ = n.cmd.Process.Kill()
	_ = n.cmd.Wait() // reports the signal
}

// do has the server do something that no client asks for, which it does not count.
func (n *node) do(ctx context.Context, op string, fields map[string]any, answer any) error {
	message := map[string]any{"op": op}
	maps.Copy(message, fields)
	body, err := json.Marshal(message)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, n.Control, bytes.NewReader(body))
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	defer resp.Body.Close() //nolint:errcheck // reading reports what matters
	text, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", op, err)
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("%s: %s", op, text)
	case answer == nil:
		return nil
	}
	return json.Unmarshal(text, answer)
}

// counters are what the server has counted of its clients.
type counters struct {
	HTTP struct {
		Requests int `json:"requests"` // streams included
	} `json:"http"`
	SSE struct {
		Opened int `json:"opened"`
	} `json:"sse"`
	WS struct {
		Connections int `json:"connections"`
		Messages    int `json:"messagesIn"`
		Pings       int `json:"pingsIn"`
		Pongs       int `json:"pongsIn"`
	} `json:"ws"`
}

// requests is everything that a client has asked for.
func (c counters) requests() int { return c.HTTP.Requests + c.WS.Connections + c.messages() }

// streams is the part of them that events took.
func (c counters) streams() int { return c.SSE.Opened + c.WS.Connections + c.messages() }

func (c counters) messages() int { return c.WS.Messages - c.WS.Pings - c.WS.Pongs }

func (n *node) counters(ctx context.Context) (counters, error) {
	var answer struct{ Counters counters }
	err := n.do(ctx, "counters", nil, &answer)
	return answer.Counters, err
}
