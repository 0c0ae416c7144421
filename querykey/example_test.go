package querykey_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/freshet-go/freshet/querykey"
)

func Example() {
	orders := querykey.Of("orders")
	detail := orders.With("detail", 17)
	fmt.Println(detail)
	fmt.Println(detail.Matches(orders))
	// Output:
	// ["orders","detail",17]
	// true
}

func ExampleOf() {
	type Filter struct {
		Status string    `json:"status"`
		Page   int       `json:"page"`
		Since  time.Time `json:"since,omitzero"`
	}
	typed := querykey.Of("orders", "list", Filter{Status: "new", Page: 2})
	loose := querykey.Of("orders", "list", map[string]any{"page": 2.0, "status": "new"})
	fmt.Println(typed)
	fmt.Println(typed == loose)
	// Output:
	// ["orders","list",{"page":2,"status":"new"}]
	// true
}

func ExampleOf_numbers() {
	fmt.Println(querykey.Of(1) == querykey.Of(json.Number("1.0")))
	fmt.Println(querykey.Of(1) == querykey.Of("1"))
	// Output:
	// true
	// false
}

func ExampleNew() {
	_, err := querykey.New("orders", map[string]any{"done": make(chan int)})
	fmt.Println(err)
	// Output:
	// querykey: part [1].done of type chan int has no JSON value: json: unsupported type: chan int
}

func ExampleKey_mapKey() {
	hits := map[querykey.Key]int{}
	hits[querykey.Of("orders", uint8(17))]++
	hits[querykey.Of("orders").With(17)]++
	fmt.Println(hits)
	// Output:
	// map[["orders",17]:2]
}

func ExampleKey_With() {
	orders := querykey.Of("orders")
	fmt.Println(orders.With("detail", "o-17"))
	fmt.Println(orders)
	// Output:
	// ["orders","detail","o-17"]
	// ["orders"]
}

func ExampleKey_Err() {
	k := querykey.Of("orders", "o-\xff")
	var fault *querykey.PartError
	if errors.As(k.Err(), &fault) {
		fmt.Println(fault.Index, fault.Path, fault.Type, fault.Reason)
	}
	// Output:
	// 1 [1] string is not valid UTF-8
}

func ExampleKey_Len() {
	fmt.Println(querykey.Of("orders", "detail", 17).Len())
	// Output: 3
}

func ExampleKey_Part() {
	k := querykey.Of("orders", "detail", 17)
	id, ok := k.Part(2).(int64)
	fmt.Println(id, ok)
	fmt.Println(k.Part(3))
	// Output:
	// 17 true
	// <nil>
}

func ExampleKey_Parts() {
	for _, part := range querykey.Of("orders", 17, 2.5, []string{"a", "b"}).Parts() {
		fmt.Printf("%T %v\n", part, part)
	}
	// Output:
	// string orders
	// int64 17
	// float64 2.5
	// []interface {} [a b]
}

func ExampleKey_Hash() {
	shards := make([][]querykey.Key, 16)
	k := querykey.Of("orders", "detail", 17)
	shard := k.Hash() % uint64(len(shards))
	shards[shard] = append(shards[shard], k)
	fmt.Println(querykey.Of("orders", "detail", 17.0).Hash()%16 == shard)
	// Output: true
}

func ExampleKey_Matches() {
	page := querykey.Of("orders", "list", map[string]any{"page": 2, "status": "new"})
	fmt.Println(page.Matches(querykey.Of("orders")))
	fmt.Println(page.Matches(querykey.Of("orders", "list", map[string]any{"status": "new"})))
	fmt.Println(page.Matches(querykey.Of("orders", "detail")))
	fmt.Println(page.Matches(querykey.Key{}))
	// Output:
	// true
	// true
	// false
	// true
}

func ExampleKey_String() {
	fmt.Println(querykey.Of("orders", map[string]any{"q": "<\"é\">", "page": 1}))
	// Output: ["orders",{"page":1,"q":"<\"é\">"}]
}

func ExampleKey_MarshalJSON() {
	text, err := json.Marshal(map[string]querykey.Key{"key": querykey.Of("orders", 17)})
	fmt.Println(string(text), err)
	// Output: {"key":["orders",17]} <nil>
}

func ExampleKey_UnmarshalJSON() {
	var stored struct{ Key querykey.Key }
	err := json.Unmarshal([]byte(`{"key": ["orders", 17.0]}`), &stored)
	fmt.Println(stored.Key == querykey.Of("orders", 17), err)
	// Output: true <nil>
}

func ExampleParse() {
	k, err := querykey.Parse(` ["orders", {"status": "new", "page": 2e0}] `)
	fmt.Println(k, err)
	_, err = querykey.Parse(`[{"page": 1, "page": 2}]`)
	fmt.Println(err)
	// Output:
	// ["orders",{"page":2,"status":"new"}] <nil>
	// querykey: invalid JSON at offset 13: member name repeated
}
