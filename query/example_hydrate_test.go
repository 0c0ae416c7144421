package query_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

// rename is a mutation with a key, by which a run of it is known again.
func rename() query.Mutation[Order, Order] {
	return query.Mutation[Order, Order]{
		Key: querykey.Of("orders", "rename"),
		Do: func(_ context.Context, o Order) (Order, error) {
			fmt.Println("sending", o.ID)
			return o, nil
		},
		Optimistic: func(tx *query.Tx, o Order) {
			query.Patch(tx, order(o.ID), func(Order, bool) (Order, bool) { return o, true })
		},
	}
}

// A change made offline outlives its program: the next one shows it at once, and
// sends it.
func ExampleRegister() {
	text := []byte(`{"version": 1, "queries": [
			{"key": ["orders", "detail", "o-17"], "status": "success", "data": {"ID": "o-17", "Status": "open"}}
		], "mutations": [
			{"key": ["orders", "rename"], "status": "pending", "isPaused": true, "variables": {"ID": "o-17", "Status": "packed"}}
		]}`)
	var snapshot query.Snapshot
	if err := json.Unmarshal(text, &snapshot); err != nil {
		log.Fatal(err)
	}
	c, closing := open(query.Config{})
	defer closing()

	if err := query.Register(c, rename()); err != nil {
		log.Fatal(err)
	}
	if err := c.Hydrate(&snapshot, query.HydrateOptions{}); err != nil {
		log.Fatal(err)
	}
	fmt.Println(query.Get(c, order("o-17")))
	fmt.Println(c.ResumePausedMutations(context.Background()))
	// Output:
	// {o-17 packed} true
	// sending o-17
	// <nil>
}

func ExampleClient_Hydrate() {
	before, closing := open(query.Config{})
	if err := query.Set(before, order("o-17"), Order{ID: "o-17", Status: "open"}); err != nil {
		log.Fatal(err)
	}
	snapshot, err := before.Dehydrate(query.DehydrateOptions{})
	if err != nil {
		log.Fatal(err)
	}
	text, err := json.Marshal(snapshot)
	if err != nil {
		log.Fatal(err)
	}
	closing()

	after, closing := open(query.Config{})
	defer closing()
	var read query.Snapshot
	if err := json.Unmarshal(text, &read); err != nil {
		log.Fatal(err)
	}
	if err := after.Hydrate(&read, query.HydrateOptions{}); err != nil {
		log.Fatal(err)
	}
	fmt.Println(query.Fetch(context.Background(), after, order("o-17"))) // still fresh
	// Output: {o-17 open} <nil>
}

func ExampleClient_Dehydrate() {
	c, closing := open(query.Config{})
	defer closing()

	for _, id := range []string{"o-17", "o-18"} {
		if err := query.Set(c, order(id), Order{ID: id}); err != nil {
			log.Fatal(err)
		}
	}
	snapshot, err := c.Dehydrate(query.DehydrateOptions{
		Query: func(e query.Entry) bool { return e.State.Key() == order("o-18").Key },
	})
	for _, q := range snapshot.Queries {
		fmt.Println(q.Key, string(q.Data), err)
	}
	// Output: ["orders","detail","o-18"] {"ID":"o-18","Status":""} <nil>
}

// Defaults know no types: they get what a snapshot says of the variables.
// Register is for one mutation, and typed.
func ExampleClient_SetMutationDefaults() {
	c, closing := open(query.Config{})
	defer closing()

	err := c.SetMutationDefaults(querykey.Of("orders"), query.MutationDefaults{
		Do: func(_ context.Context, m query.MutationInfo) (any, error) {
			fmt.Println(m.Key, m.Variables)
			return m.Variables, nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	answer, err := query.Mutate(context.Background(), c, query.Mutation[string, string]{Key: querykey.Of("orders", "pack")}, "o-17")
	fmt.Println(answer, err)
	// Output:
	// ["orders","pack"] o-17
	// o-17 <nil>
}

func ExampleClient_Mutations() {
	c, closing := open(query.Config{})
	defer closing()

	if _, err := query.Mutate(context.Background(), c, rename(), Order{ID: "o-17"}); err != nil {
		log.Fatal(err)
	}
	for _, m := range c.Mutations(query.MutationFilter{Key: querykey.Of("orders")}) {
		fmt.Println(m.Key, m.Status, m.Variables)
	}
	// Output:
	// sending o-17
	// ["orders","rename"] success {o-17 }
}

func ExampleDefaults() {
	latest := func(old, next any) any {
		a, _ := old.(string)
		b, _ := next.(string)
		return max(a, b)
	}
	c, closing := open(query.Config{Defaults: query.Defaults{Share: latest}})
	defer closing()

	q := query.Query[string]{Key: querykey.Of("news")}
	for _, word := range []string{"b", "a"} {
		if err := query.Set(c, q, word); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(query.Get(c, q))
	// Output: b true
}
