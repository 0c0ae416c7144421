package main

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/freshet-go/freshet/examples/dashboard/internal/server"
)

const (
	// changeEvery is the pace of the made-up shop.
	changeEvery = 5 * time.Second
	// answerWithin turns a server that stays silent into a failed attempt.
	answerWithin = 5 * time.Second
)

// backend is the server behind the dashboard.
type backend struct {
	name   string // for people
	url    string
	token  string
	seller string // tells the caches of several sellers apart
	http   *http.Client
	cut    func(bool) // breaks and mends the line to it; nil if that cannot be done
	close  func(ctx context.Context) error
}

// openBackend starts a shop on loopback, or points to the server that the
// options name.
func openBackend(o options) (*backend, error) {
	if o.url == "" {
		return startShop()
	}
	base, err := url.Parse(o.url)
	if err != nil {
		return nil, err
	}
	return &backend{
		name: base.Host, url: o.url, token: o.token, seller: "signed in",
		http:  newHTTPClient(),
		close: func(context.Context) error { return nil },
	}, nil
}

func startShop() (*backend, error) {
	shop := server.New(server.Config{ChangeEvery: changeEvery})
	address, err := shop.Start()
	if err != nil {
		return nil, err
	}
	return &backend{
		name: "made-up shop on loopback", url: address, token: server.DemoToken, seller: server.DemoSeller,
		http: newHTTPClient(), cut: shop.CutOff, close: shop.Close,
	}, nil
}

func newHTTPClient() *http.Client {
	return &http.Client{
		Timeout:   answerWithin,
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, IdleConnTimeout: time.Minute},
	}
}
