package query_test

import (
	"context"
	"fmt"
	"iter"
	"log"
	"strings"
	"time"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

// answerTo is a query for an answer that comes word by word.
func answerTo(question string) query.Streamed[string, string] {
	return query.Streamed[string, string]{
		Key: querykey.Of("answers", question),
		Source: func(context.Context) iter.Seq2[string, error] {
			return func(yield func(string, error) bool) {
				for word := range strings.FieldsSeq("It is forty-two") {
					if !yield(word, nil) {
						return
					}
				}
			}
		},
		Reduce: func(acc, word string) string { return strings.TrimSpace(acc + " " + word) },
	}
}

func ExampleStreamed() {
	c, closing := open(query.Config{})
	defer closing()

	answer, err := query.Fetch(context.Background(), c, answerTo("What is it?").Query())
	fmt.Println(answer, err)
	// Output: It is forty-two <nil>
}

// A source that waits until the last word was seen shows that each is shown at
// once.
func ExampleStreamed_watch() {
	c, closing := open(query.Config{})
	defer closing()

	words := make(chan string, 1)
	q := query.Streamed[[]string, string]{
		Key: querykey.Of("words"),
		Source: func(ctx context.Context) iter.Seq2[string, error] {
			words <- "It"
			return query.Chunks(ctx, words)
		},
	}
	for r := range query.Watch(context.Background(), c, q.Query()) {
		switch len(r.Data()) {
		case 1:
			fmt.Println(r.Data(), r.FetchStatus())
			words <- "flows"
		case 2:
			fmt.Println(r.Data(), r.FetchStatus())
			return
		}
	}
	// Output:
	// [It] fetching
	// [It flows] fetching
}

func ExampleClient_SubscribeEvents() {
	c, closing := open(query.Config{})
	defer closing()

	done := make(chan struct{})
	stop := c.SubscribeEvents(query.EventOptions{Key: querykey.Of("orders")}, func(ev query.Event) {
		fmt.Println(ev.Kind, ev.Action, ev.Query.State.Key())
		if ev.Kind == query.EventRemoved {
			close(done)
		}
	})
	defer stop()

	if err := query.Set(c, order("o-17"), Order{ID: "o-17"}); err != nil {
		log.Fatal(err)
	}
	c.Remove(query.Filter{})
	<-done
	// Output:
	// added  ["orders","detail","o-17"]
	// updated success ["orders","detail","o-17"]
	// removed  ["orders","detail","o-17"]
}

func ExampleClient_Events() {
	c, closing := open(query.Config{})
	defer closing()

	polled := query.Query[int]{
		Key:    querykey.Of("n"),
		Fetch:  func(context.Context) (int, error) { return 42, nil },
		Policy: query.Policy{RefetchInterval: query.Every(time.Millisecond)},
	}
	defer query.Observe(c, polled).Subscribe(func(query.Result[int]) {})()

	updates := query.EventOptions{Kinds: []query.EventKind{query.EventUpdated}}
	for ev := range c.Events(context.Background(), updates) {
		if ev.Action == query.ActionSuccess {
			fmt.Println(ev.Query.State.Data())
			break
		}
	}
	// Output: 42
}

func ExampleCombine() {
	c, closing := open(query.Config{})
	defer closing()

	price := func(item string) query.Query[int] {
		return query.Query[int]{
			Key:   querykey.Of("price", item),
			Fetch: func(context.Context) (int, error) { return len(item), nil },
		}
	}
	group := query.ObserveGroup[int](c, price("tea"), price("coffee"))
	total := query.Combine(group, func(prices []query.Result[int]) string {
		sum := 0
		for _, p := range prices {
			if !p.HasData() {
				return "…"
			}
			sum += p.Data()
		}
		return fmt.Sprint(sum)
	})
	for text := range total.Results(context.Background()) {
		fmt.Println(text)
		if text != "…" {
			break
		}
	}
	// Output:
	// …
	// 9
}
