// Command bound links what Freshet promises to do with values of any type: compare
// them by a plan, and encode those that are parts of keys as encoding/json does.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"sync"
	"time"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	var m sync.Map
	text, err := json.Marshal(os.Args)
	m.Store(fmt.Sprint(len(text)), ctx)
	if v, ok := m.Load("k"); err != nil || ok || reflect.DeepEqual(v, ctx) {
		os.Exit(1)
	}
}
