package share_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/internal/share"
)

const orderCount = 1000

type row struct {
	ID       string
	Status   string
	Total    int64
	Placed   time.Time
	Customer *customer
	Lines    []rowLine
	Tags     []string
}

type rowLine struct {
	SKU   string
	Count int
	Price int64
}

func rows() []*row {
	out := make([]*row, orderCount)
	for i := range out {
		out[i] = &row{
			ID: fmt.Sprintf("o-%d", i), Status: "paid", Total: int64(i), Placed: time.Unix(int64(i), 0),
			Customer: &customer{Name: fmt.Sprintf("customer %d", i), Phone: ptr("555")},
			Lines:    []rowLine{{fmt.Sprintf("sku-%d", i), 1, 100}, {fmt.Sprintf("sku-%d-b", i), 2, 200}},
			Tags:     []string{fmt.Sprintf("tag-%d", i%7), "gift"},
		}
	}
	return out
}

func trees() any {
	out := make(list, orderCount)
	for i := range out {
		out[i] = object{
			"id": fmt.Sprintf("o-%d", i), "status": "paid", "total": float64(i), "placed": fmt.Sprint(i),
			"customer": object{"name": fmt.Sprintf("customer %d", i), "phone": "555"},
			"lines": list{
				object{"sku": fmt.Sprintf("sku-%d", i), "count": 1.0, "price": 100.0},
				object{"sku": fmt.Sprintf("sku-%d-b", i), "count": 2.0, "price": 200.0},
			},
			"tags": list{fmt.Sprintf("tag-%d", i%7), "gift"},
		}
	}
	return out
}

func TestShare_whatIsEqualAllocatesNothing(t *testing.T) {
	// More references than a walk remembers pairs of without allocating.
	many := func() []*customer {
		out := make([]*customer, 1<<17)
		for i := range out {
			out[i] = &customer{Name: "Ann"}
		}
		return out
	}
	for name, test := range map[string]struct{ old, next any }{
		"typed": {rows(), rows()},
		"JSON":  {trees(), trees()},
		"long":  {many(), many()},
	} {
		allocations := testing.AllocsPerRun(10, func() { share.Share(test.old, test.next) })
		require.Zero(t, allocations, name)
	}
}

func TestShare_aChangeAllocatesForWhatItChanges(t *testing.T) {
	next := rows()
	next[orderCount/2].Status = "sent"
	old := rows()
	allocations := testing.AllocsPerRun(10, func() { share.Share(old, next) })
	require.LessOrEqual(t, allocations, 5.0, "the slice, the order, and what reflection takes")
}

func BenchmarkOrders(b *testing.B) {
	oneRow := rows()
	oneRow[orderCount-1].Status = "sent"
	oneTree := trees()
	last, _ := at(oneTree, orderCount-1).(object)
	last["status"] = "sent"
	for _, bench := range []struct {
		name      string
		old, next any
	}{
		{"typed/equal", rows(), rows()},
		{"typed/changed", rows(), oneRow},
		{"json/equal", trees(), trees()},
		{"json/changed", trees(), oneTree},
	} {
		b.Run(bench.name+"/Share", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				share.Share(bench.old, bench.next)
			}
		})
		b.Run(bench.name+"/DeepEqual", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				reflect.DeepEqual(bench.old, bench.next)
			}
		})
	}
}
