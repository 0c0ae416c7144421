package measure

import (
	"runtime"
	"runtime/debug"
)

// Settle collects garbage until the heap is quiet.
func Settle() {
	for range 3 {
		runtime.GC()
	}
}

// Live is what is in use.
type Live struct{ Heap, Stacks int64 }

// Memory settles the heap and returns what is live.
func Memory() Live {
	Settle()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return Live{Heap: int64(m.HeapAlloc), Stacks: int64(m.StackInuse)}
}

// Sub returns the growth since before.
func (l Live) Sub(before Live) Live {
	return Live{Heap: l.Heap - before.Heap, Stacks: l.Stacks - before.Stacks}
}

// All is heap and stacks together.
func (l Live) All() float64 { return float64(l.Heap + l.Stacks) }

// Allocated is what was ever allocated.
type Allocated struct{ Objects, Bytes uint64 }

// Allocations returns the count so far.
func Allocations() Allocated {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return Allocated{Objects: m.Mallocs, Bytes: m.TotalAlloc}
}

// Since returns what was allocated since before, each for one of n operations.
func (a Allocated) Since(before Allocated, n int) (objects, bytes float64) {
	return float64(a.Objects-before.Objects) / float64(n), float64(a.Bytes-before.Bytes) / float64(n)
}

// memoryLimit is when the collector runs although it is off.
const memoryLimit = 12 << 30

// WithoutCollector turns the collector off until restore is called.
func WithoutCollector() (restore func()) {
	percent := debug.SetGCPercent(-1)
	limit := debug.SetMemoryLimit(memoryLimit)
	return func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	}
}
