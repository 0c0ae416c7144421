package query_test

import (
	"context"
	"fmt"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

func ExampleLimit() {
	client, err := query.New(query.Config{Limit: query.Limit{
		Max:  1 << 20, // bytes of pictures
		Cost: func(_ querykey.Key, data any) int64 { picture, _ := data.([]byte); return int64(len(picture)) },
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = client.Close(context.Background()) }()

	for i := range 100 {
		picture := query.Query[[]byte]{Key: querykey.Of("picture", i)}
		if err := query.Set(client, picture, make([]byte, 100<<10)); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(len(client.Entries(query.Filter{})), "pictures of 100 KiB are kept")
	// Output: 10 pictures of 100 KiB are kept
}
