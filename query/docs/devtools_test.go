package docs_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/devtools"
)

// [snippet mount]

// DebugHandler is for an address that only developers reach.
func DebugHandler(client *query.Client) http.Handler {
	tools := devtools.Handler(client, devtools.Options{ShowData: true, Actions: true})
	mux := http.NewServeMux()
	mux.Handle("/debug/queries/", http.StripPrefix("/debug/queries", tools))
	return mux
}

// [end]

func Example_devtools() {
	client, closing := open(query.Config{})
	defer closing()
	check(query.Set(client, OrderByID("o-17"), Order{ID: "o-17", Status: "open"}))
	h := DebugHandler(client)
	// [snippet actions]
	const order = `{"action": "remove", "key": ["orders", "detail", "o-17"]}`
	for _, from := range []string{"https://elsewhere.example", "http://localhost:8080"} {
		r := httptest.NewRequest(http.MethodPost, "http://localhost:8080/debug/queries/api/actions", strings.NewReader(order))
		r.Header.Set("Origin", from)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		fmt.Println(w.Code, len(client.Entries(query.Filter{})))
	}
	// [end]

	// Output:
	// 403 1
	// 204 0
}
