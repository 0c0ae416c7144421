package main

import (
	"bytes"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/benbjohnson/clock"
	"github.com/charmbracelet/x/ansi"
	"github.com/stretchr/testify/require"
)

// terminal stands in for one: it keeps what is drawn and tells when a text has
// been drawn for the first time.
type terminal struct {
	mu    sync.Mutex
	drawn bytes.Buffer
	want  string
	seen  chan struct{}
}

func (t *terminal) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.drawn.Write(p)
	if t.want != "" && strings.Contains(ansi.Strip(t.drawn.String()), t.want) {
		t.want = ""
		close(t.seen)
	}
	return len(p), nil
}

func (t *terminal) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.drawn.String()
}

func TestShowScreen_terminalReportsFocus_S13(t *testing.T) {
	t.Parallel()
	b, err := startShop()
	require.NoError(t, err)
	s, err := newSession(b, clock.New(), polling)
	require.NoError(t, err)
	focus := make(chan bool, 10)
	s.client.Focus().Subscribe(func(on bool) { focus <- on })
	defer s.watch()()

	keyboard, typed := io.Pipe()
	defer typed.Close()
	out := &terminal{want: "orders by status", seen: make(chan struct{})}
	ended := make(chan error)
	go func() {
		ended <- showScreen(t.Context(), s, options{}, console{
			in: keyboard, out: out, width: 80, height: 24, environ: []string{"TERM=xterm-256color"},
		})
	}()
	<-out.seen
	write := func(text string) {
		_, err := io.WriteString(typed, text)
		require.NoError(t, err)
	}
	write("\x1b[O")
	require.False(t, <-focus)
	write("\x1b[I")
	require.True(t, <-focus)
	write("q")
	require.NoError(t, <-ended)
	require.Contains(t, out.String(), "\x1b[?1004h", "focus reports are asked for")
	require.Contains(t, out.String(), "\x1b[?1004l", "and given back")
	require.NoError(t, s.close(t.Context()))
}

func TestRun_screenIsFollowedByTheSummary(t *testing.T) {
	t.Parallel()
	b, err := startShop()
	require.NoError(t, err)
	keyboard, typed := io.Pipe()
	defer typed.Close()
	out := &terminal{want: "orders by status", seen: make(chan struct{})}
	ended := make(chan error)
	go func() {
		ended <- runOn(t.Context(), b, options{}, console{
			terminal: true, in: keyboard, out: out, width: 80, height: 24, environ: []string{"TERM=xterm-256color"},
		})
	}()
	<-out.seen
	_, err = io.WriteString(typed, "q")
	require.NoError(t, err)
	require.NoError(t, <-ended)
	require.Positive(t, parseTail(t, out.String()).fetches[dashboardPage])
}
