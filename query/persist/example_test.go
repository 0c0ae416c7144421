package persist_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/persist"
	"github.com/freshet-go/freshet/querykey"
)

// Stock is fetched from a server that tells when it is asked.
func Stock(item string) query.Query[int] {
	return query.Query[int]{
		Key: querykey.Of("stock", item),
		Fetch: func(context.Context) (int, error) {
			fmt.Println("GET stock of", item)
			return 17, nil
		},
		Policy: query.Policy{StaleTime: query.StaleAfter(time.Hour)},
	}
}

// A program that runs twice asks its server once.
func ExampleStart() {
	dir, err := os.MkdirTemp("", "freshet")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	store := persist.File{Path: filepath.Join(dir, "client.json")}

	program := func(ctx context.Context) error {
		client, err := query.New(query.Config{})
		if err != nil {
			return err
		}
		defer client.Close(ctx)
		session, err := persist.Start(ctx, client, store, persist.Options{Buster: "v1"})
		if err != nil {
			return err
		}
		fmt.Println("snapshot is", session.Restored().Outcome)

		n, err := query.Fetch(ctx, client, Stock("pencils"))
		if err != nil {
			return err
		}
		fmt.Println(n, "pencils")
		return session.Close(ctx)
	}
	for range 2 {
		if err := program(context.Background()); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// snapshot is absent
	// GET stock of pencils
	// 17 pencils
	// snapshot is restored
	// 17 pencils
}

// Each query has a place of its own, and is read when it is first used.
func ExampleWrap() {
	ctx := context.Background()
	storage := new(persist.Memory) // or persist.Dir{Path: …}

	for range 2 {
		client, err := query.New(query.Config{})
		if err != nil {
			log.Fatal(err)
		}
		p := persist.NewPersister(ctx, client, storage, persist.QueryOptions{})
		n, err := query.Fetch(ctx, client, persist.Wrap(p, Stock("pencils")))
		fmt.Println(n, err)
		if err := p.Close(ctx); err != nil {
			log.Fatal(err)
		}
		if err := client.Close(ctx); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// GET stock of pencils
	// 17 <nil>
	// 17 <nil>
}

// Room for one query alone: the oldest have to go.
func ExampleRemoveOldest() {
	ctx := context.Background()
	client, err := query.New(query.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close(ctx)
	for i, item := range []string{"pencils", "paper", "ink"} {
		at := time.Date(2026, 1, 1+i, 0, 0, 0, 0, time.UTC)
		if err := query.SetAt(client, Stock(item), i, at); err != nil {
			log.Fatal(err)
		}
	}
	store := small{new(persist.Memory)}
	err = persist.Save(ctx, client, persist.Slot{Storage: store}, persist.Options{Retry: persist.RemoveOldest})
	if err != nil {
		log.Fatal(err)
	}
	r, err := persist.Slot{Storage: store}.Load(ctx)
	fmt.Println(r.ClientState.Queries[0].Key, len(r.ClientState.Queries), err)
	// Output:
	// ["stock","ink"] 1 <nil>
}

// small has little room.
type small struct{ *persist.Memory }

func (s small) Set(ctx context.Context, key string, value []byte) error {
	if len(value) > 400 {
		return persist.ErrTooLarge
	}
	return s.Memory.Set(ctx, key, value)
}

// What is stored can be looked at without putting it into the cache, and goes
// when it is too old.
func ExampleRetrieve() {
	ctx := context.Background()
	client, err := query.New(query.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close(ctx)
	files := new(persist.Memory)
	p := persist.NewPersister(ctx, client, files, persist.QueryOptions{Prefix: "shop", RefetchOnRestore: query.Never})
	defer p.Close(ctx)

	at := time.Now().Add(-time.Hour)
	if err := query.SetAt(client, Stock("ink"), 3, at); err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.Save(ctx, Stock("ink").Key))
	stored, err := persist.Retrieve[int](ctx, p, Stock("ink").Key)
	fmt.Println(stored.Data, stored.UpdatedAt.Equal(at), err)
	fmt.Println(p.GC(ctx))
	// Output:
	// <nil>
	// 3 true <nil>
	// <nil>
}
