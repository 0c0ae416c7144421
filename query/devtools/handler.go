// Package devtools shows what a query.Client holds and does, in a browser: a page,
// and the JSON that it is made of. It has no dependencies and needs no build.
//
//	mux.Handle("/debug/queries/", http.StripPrefix("/debug/queries", devtools.Handler(client, devtools.Options{})))
//
// Keys, states and the texts of errors are shown to everybody who can send a
// request; data are not unless [Options.ShowData] is set, and nothing can be
// changed unless [Options.Actions] is. Mount it where only developers get, on a
// loopback address or behind a login.
//
// # The API
//
//	GET  api/cache?filter=TEXT  queries whose key contains TEXT, and all mutations
//	GET  api/query?key=KEY      one query, why it is or is not updated, its data
//	GET  api/stats              what has happened per prefix, see [query.Client.Stats]
//	GET  api/events             what happens from now on, as server-sent events
//	POST api/actions            {"action": ACTION, "key": KEY}
//
// KEY is a key as JSON; ACTION is invalidate, refetch, reset or remove, and is
// begun but not waited for. Answers have keys and data as JSON in a string, since
// numbers of JavaScript are not exact enough for them. Errors are objects with a
// member "error".
package devtools

import (
	"embed"
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/freshet-go/freshet/internal/sched"
	"github.com/freshet-go/freshet/query"
)

// Options say what the tools may do. The zero value shows keys and states, and
// changes nothing.
type Options struct {
	// ShowData is whether the data of queries are shown. They may be secret.
	// Default: no.
	ShowData bool
	// Actions is whether the page may invalidate, refetch, reset and remove
	// queries. Requests of pages from elsewhere are refused. Default: no.
	Actions bool
	// Hosts are the names of the server that requests may use. Others are refused,
	// since a page from elsewhere can give this server a name of its own. Default:
	// localhost; IP addresses always may.
	Hosts []string
	// Buffer is how many events wait for a slow reader of api/events. When there
	// are more the oldest are dropped and counted. Default: 256.
	Buffer int
}

// Limits of what one answer contains.
const (
	maxQueries = 500
	maxData    = 256 << 10
	maxBody    = 64 << 10
)

//go:embed ui
var ui embed.FS

type tools struct {
	client *query.Client
	opts   Options
	wall   *sched.Scheduler // the time of sockets, whatever the client's is
}

// Handler returns the tools for client. It expects to be mounted at a path that
// ends with a slash, and to be given what comes after. It has no goroutines: a
// stream of events lasts until its request ends or the client is closed.
func Handler(client *query.Client, o Options) http.Handler {
	if o.Buffer <= 0 {
		o.Buffer = 256
	}
	if o.Hosts == nil {
		o.Hosts = []string{"localhost"}
	}
	t := &tools{client: client, opts: o, wall: sched.New(nil)}
	mux := http.NewServeMux()
	for path, name := range map[string]string{
		"GET /{$}": "ui/index.html", "GET /app.js": "ui/app.js", "GET /style.css": "ui/style.css",
	} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, ui, name) })
	}
	mux.HandleFunc("GET /api/cache", t.cache)
	mux.HandleFunc("GET /api/query", t.query)
	mux.HandleFunc("GET /api/stats", t.stats)
	mux.HandleFunc("GET /api/events", t.events)
	mux.HandleFunc("POST /api/actions", t.act)
	return t.guard(mux)
}

// guard refuses what other pages make a browser ask for.
func (t *tools) guard(next http.Handler) http.Handler {
	const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	origins := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		switch {
		case !t.knows(r.Host):
			refuse(w, http.StatusForbidden, "the host is not among Options.Hosts")
		case origins.Check(r) != nil:
			refuse(w, http.StatusForbidden, "the request comes from another site")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// knows reports whether a request may name the server so. An address is not a
// name that somebody else could have given it.
func (t *tools) knows(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return true
	}
	return slices.ContainsFunc(t.opts.Hosts, func(name string) bool { return strings.EqualFold(name, host) })
}

func answer(w http.ResponseWriter, status int, v any) {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		refuse(w, http.StatusInternalServerError, err.Error())
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(text) // who asked has gone
}

func refuse(w http.ResponseWriter, status int, reason string) {
	answer(w, status, map[string]string{"error": "devtools: " + reason})
}
