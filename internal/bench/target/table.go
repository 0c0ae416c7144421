package target

import "github.com/freshet-go/freshet/internal/bench/ours"

// Contestants that targets name.
const (
	otter      = "otter"
	sturdyc    = "sturdyc"
	ticker     = "goroutine+ticker"
	afterFunc  = "time.AfterFunc"
	deepEqual  = "reflect.DeepEqual"
	tanstack   = "tanstack"
	fetchQuery = "tanstack fetchQuery"
)

// hits are the cases of W1 for keys of a kind and a number of entries.
func hits(kind, size string) []string {
	prefix := kind + "/" + size
	return []string{prefix + "/zipf/1g", prefix + "/uniform/1g", prefix + "/zipf/all", prefix + "/uniform/all"}
}

// All returns the targets, by workload.
func All() []Target {
	return append(reading(), writing()...)
}

// reading are the targets of W1 to W4.
func reading() []Target {
	const cpu, allocs = "cpu ns/op", "allocs/op"
	return []Target{
		{Workload: "W1", What: "fresh hit, string key, 1k", Cases: hits("string", "1k"), Metric: cpu, Rule: Share, Than: otter, Must: 0.4, Stretch: 0.25},
		{Workload: "W1", What: "fresh hit, string key, 1M", Cases: hits("string", "1M"), Metric: cpu, Rule: Share, Than: otter, Must: 0.45, Stretch: 0.35},
		{Workload: "W1", What: "fresh hit, string key, allocations", Cases: []string{"string/1k", "string/1M"}, Metric: allocs, Rule: AtMost, Must: 0, Stretch: 0},
		{Workload: "W1", What: "fresh hit, string key, 1k", Cases: hits("string", "1k")[:2], Metric: cpu, Rule: Times, Than: fetchQuery, Must: 40, Stretch: 80},
		{Workload: "W1", What: "fresh hit, key of parts in the call, 1k", Cases: hits("parts", "1k"), Metric: cpu, Rule: Share, Than: otter, Must: 0.6, Stretch: 0.45},
		{Workload: "W1", What: "fresh hit, key of parts in the call, allocations", Cases: []string{"parts/1k", "parts/1M"}, Metric: allocs, Rule: AtMost, Must: 1, Stretch: 0},
		{Workload: "W1", What: "fresh hit through a family, 1k", Who: ours.FamilyName, Cases: hits("parts", "1k"), Metric: cpu, Rule: Share, Than: otter, Must: 0.25, Stretch: 0.12},
		{Workload: "W1", What: "fresh hit through a family, 1M", Who: ours.FamilyName, Cases: hits("parts", "1M"), Metric: cpu, Rule: Share, Than: otter, Must: 0.4, Stretch: 0.3},
		{Workload: "W1", What: "fresh hit through a family, allocations", Who: ours.FamilyName, Cases: []string{"parts/1k", "parts/1M"}, Metric: allocs, Rule: AtMost, Must: 0, Stretch: 0},

		{Workload: "W2", What: "loader calls, late callers included", Cases: []string{"1 callers", "100 callers", "10000 callers"}, Metric: "loader calls", Rule: Exactly, Must: 1, Stretch: 1},
		{Workload: "W2", What: "CPU per caller", Cases: []string{"10000 callers"}, Metric: "cpu ns/caller", Rule: Share, Than: floor, Must: 1.1, Stretch: 1.1},
		{Workload: "W2", What: "allocations per caller", Cases: []string{"10000 callers"}, Metric: "allocs/caller", Rule: AtMost, Must: 0.1, Stretch: 0.005},
		{Workload: "W2", What: "a caller gives up by its context", Cases: []string{"a caller whose context ends"}, Metric: "gives up", Rule: Exactly, Must: 1, Stretch: 1},

		{Workload: "W3", What: "miss and store", Cases: []string{"unbounded/1g", "unbounded/all"}, Metric: cpu, Rule: Share, Than: otter, Must: 0.5, Stretch: 0.35},
		{Workload: "W3", What: "miss and store", Cases: []string{"unbounded/1g", "unbounded/all"}, Metric: cpu, Rule: Share, Than: sturdyc, Must: 0.8, Stretch: 0.8},
		{Workload: "W3", What: "miss and store, allocations", Cases: []string{"unbounded/1g"}, Metric: allocs, Rule: AtMost, Must: NoMust, Stretch: 3},
		{Workload: "W3", What: "miss and store, bounded", Cases: []string{"bounded/1g", "bounded/all"}, Metric: cpu, Rule: Share, Than: BestPeer, Must: 1, Stretch: 1},
		{Workload: "W3", What: "never over the bound", Cases: []string{"bounded/1g", "bounded/all"}, Metric: "entries kept/bound", Rule: AtMost, Must: 1, Stretch: 1},

		{Workload: "W4", What: "bytes per unobserved entry beyond key and value", Cases: []string{"string"}, Metric: "B/entry", Rule: AtMost, Must: 160, Stretch: 110},
	}
}

// NoMust is a limit that everything is within, for what is a stretch alone.
const NoMust = 1e9

// writing are the targets of W5 to W10.
func writing() []Target {
	const wall, cpu = "wall us", "cpu us"
	const small, large = "N=10k", "N=1000k"
	return []Target{
		{Workload: "W5", What: "invalidate 1 000 matches, µs at every N", Cases: []string{small, large}, Metric: wall, Rule: AtMost, Must: 40, Stretch: 16},
		{Workload: "W5", What: "invalidate among 1M, in parts of among 10k", Cases: []string{large}, Metric: wall, Rule: Growth, Than: small, Must: 1.5, Stretch: 1.5},
		{Workload: "W5", What: "allocations that grow with N", Cases: []string{large}, Metric: "allocs", Rule: Increase, Than: small, Must: 0, Stretch: 0},
		{Workload: "W5", What: "invalidate among 1M", Cases: []string{large}, Metric: wall, Rule: Times, Than: tanstack, Must: 2000, Stretch: 5000},

		{Workload: "W6", What: "poll 100k keys each 5 s, CPU", Cases: []string{"100k"}, Metric: "cpu % of a core", Rule: Share, Than: ticker, Must: 0.9, Stretch: 0.6},
		{Workload: "W6", What: "poll 100k keys each 5 s, CPU", Cases: []string{"100k"}, Metric: "cpu % of a core", Rule: Times, Than: tanstack, Must: 12, Stretch: 20},
		{Workload: "W6", What: "bytes per polled key", Cases: []string{"100k"}, Metric: "B/key", Rule: AtMost, Must: 250, Stretch: 120},
		{Workload: "W6", What: "goroutines at rest", Cases: []string{"100k"}, Metric: "goroutines", Rule: AtMost, Must: 8, Stretch: 8},
		// A window holds up to a hundredth of the polls more or less than is due.
		{Workload: "W6", What: "polls done, %", Cases: []string{"1k", "100k"}, Metric: "polls done %", Rule: AtLeast, Must: 99, Stretch: 99},
		{Workload: "W6", What: "poll 1k keys each 5 s, CPU", Cases: []string{"1k"}, Metric: "cpu % of a core", Rule: Share, Than: afterFunc, Must: 0.5, Stretch: 0.35},

		{Workload: "W7", What: "10 000 observers of a key, CPU ns each", Cases: []string{"1 key x 10k"}, Metric: "cpu ns/observer", Rule: AtMost, Must: 100, Stretch: 40},
		{Workload: "W7", What: "10 000 observers of a key", Cases: []string{"1 key x 10k"}, Metric: "cpu ns/observer", Rule: Times, Than: tanstack, Must: 9, Stretch: 9},
		{Workload: "W7", What: "allocations per observer", Cases: []string{"1 key x 10k"}, Metric: "allocs/observer", Rule: AtMost, Must: 0.1, Stretch: 0.1},
		{Workload: "W7", What: "10 000 keys with an observer each", Cases: []string{"10k keys x 1"}, Metric: wall, Rule: Times, Than: tanstack, Must: 20, Stretch: 35},

		{Workload: "W8", What: "collect 1M entries, longest stall of a reader", Cases: []string{"1M"}, Metric: "reader max ms", Rule: Share, Than: otter, Must: 1, Stretch: 1},
		{Workload: "W8", What: "the same, ms", Cases: []string{"1M"}, Metric: "reader max ms", Rule: AtMost, Must: 1, Stretch: 1},
		{Workload: "W8", What: "CPU above the idle reader", Cases: []string{"1M"}, Metric: "cpu ms", Rule: ShareAboveFloor, Than: otter, Must: 1, Stretch: 0.8},
		// A heap of this size moves by some kilobytes on its own.
		{Workload: "W8", What: "bytes left per entry", Cases: []string{"1M"}, Metric: "left B/entry", Rule: AtMost, Must: 0.5, Stretch: 0.5},

		{Workload: "W9", What: "identical body of 463 kB, µs", Cases: []string{"raw/identical"}, Metric: cpu, Rule: AtMost, Must: 35, Stretch: 30},
		{Workload: "W9", What: "identical body, allocations", Cases: []string{"raw/identical"}, Metric: "allocs", Rule: AtMost, Must: 0, Stretch: 0},
		{Workload: "W9", What: "identical body", Cases: []string{"raw/identical"}, Metric: cpu, Rule: Times, Than: tanstack, Must: 70, Stretch: 70},
		{Workload: "W9", What: "one of 1 000 elements of a body changed, µs", Cases: []string{"raw/one changed"}, Metric: cpu, Rule: AtMost, Must: 120, Stretch: 90},
		{Workload: "W9", What: "decoded lists", Cases: []string{"decoded/identical", "decoded/one changed"}, Metric: cpu, Rule: Share, Than: deepEqual, Must: 0.4, Stretch: 0.4},

		{Workload: "W10", What: "new, first fetch, close", Cases: []string{"new, fetch, close"}, Metric: cpu, Rule: Share, Than: otter, Must: 0.25, Stretch: 0.15},
		{Workload: "W10", What: "new, first fetch, close", Cases: []string{"new, fetch, close"}, Metric: cpu, Rule: Share, Than: sturdyc, Must: 1.5, Stretch: 1.5},
		{Workload: "W10", What: "goroutines after Close", Cases: []string{"new, fetch, close"}, Metric: "goroutines left", Rule: Exactly, Must: 0, Stretch: 0},
		{Workload: "W10", What: "minimal binary, KiB", Cases: []string{"binary"}, Metric: "KiB", Rule: AtMost, Must: 2400, Stretch: 2000},
	}
}
