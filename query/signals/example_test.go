package signals_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"time"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/signals"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func ExampleConnect() {
	ctx := context.Background()
	client, err := query.New(query.Config{})
	check(err)
	var window signals.Manual // told by the callbacks of a toolkit
	stop := signals.Connect(client.Focus(), window.Source)

	window.Set(false)
	fmt.Println(client.Focus().Get())
	window.Set(true)
	fmt.Println(client.Focus().Get())

	stop() // before the client is closed
	check(client.Close(ctx))
	// Output:
	// false
	// true
}

func ExampleHoldLoss() {
	client, err := query.New(query.Config{})
	check(err)
	var window signals.Manual
	stop := signals.Connect(client.Focus(), signals.HoldLoss(client, time.Minute, window.Source))
	defer client.Focus().Subscribe(func(v bool) { fmt.Println("focus:", v) })()

	window.Set(true)
	window.Set(false) // on the way to another window of the program
	window.Set(true)

	stop()
	check(client.Close(context.Background()))
	// Output: focus: true
}

func ExampleAll() {
	var online query.Signal
	var network, wanted signals.Manual
	defer signals.Connect(&online, signals.All(network.Source, wanted.Source))()

	network.Set(true)
	wanted.Set(false) // the user works offline
	fmt.Println(online.Get())
	wanted.Set(true)
	fmt.Println(online.Get())
	// Output:
	// false
	// true
}

func ExampleCoalesce() {
	var n atomic.Int64
	begun, goOn := make(chan struct{}), make(chan struct{})
	poke, stop := signals.Coalesce(func() { // takes its time
		begun <- struct{}{}
		<-goOn
		fmt.Println("shown:", n.Load())
	})
	poke()
	<-begun
	for range 1000 { // meanwhile
		n.Add(1)
		poke()
	}
	goOn <- struct{}{}
	<-begun
	goOn <- struct{}{}
	stop()
	// Output:
	// shown: 1000
	// shown: 1000
}

func ExampleOnline() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()
	web := &http.Client{Timeout: 5 * time.Second}
	defer web.CloseIdleConnections()

	client, err := query.New(query.Config{})
	check(err)
	o := signals.Online{
		Clock: client,
		Probe: func(ctx context.Context) bool { // does the network lead to the server?
			r, err := http.NewRequestWithContext(ctx, http.MethodHead, server.URL, http.NoBody)
			if err != nil {
				return true // that does not tell
			}
			answer, err := web.Do(r)
			if err != nil {
				return false
			}
			return answer.Body.Close() == nil && answer.StatusCode == http.StatusNoContent
		},
	}
	stop := signals.Connect(client.Online(), o.Source)
	fmt.Println(o.Probe(context.Background()))

	stop()
	check(client.Close(context.Background()))
	// Output: true
}
