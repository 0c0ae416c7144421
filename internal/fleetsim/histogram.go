package fleetsim

import (
	"math/bits"
	"time"
)

// histogram counts durations in steps of about three percent, from a millisecond to
// days. The zero histogram is empty.
type histogram struct {
	counts  [(histogramLevels + 1) << histogramBits]int64
	total   int64
	longest time.Duration
}

const (
	histogramBits   = 5
	histogramLevels = 24
)

func (h *histogram) add(d time.Duration) {
	h.counts[bucketOf(d)]++
	h.total++
	h.longest = max(h.longest, d)
}

func bucketOf(d time.Duration) int {
	ms := uint64(max(0, d/time.Millisecond))
	level := max(0, bits.Len64(ms)-histogramBits-1)
	if level >= histogramLevels {
		return histogramLevels<<histogramBits - 1
	}
	if bits.Len64(ms) <= histogramBits {
		return int(ms)
	}
	return (level+1)<<histogramBits + int(ms>>level)&(1<<histogramBits-1)
}

// top is the longest duration that a bucket counts, to the millisecond.
func top(bucket int) time.Duration {
	level, rest := bucket>>histogramBits, bucket&(1<<histogramBits-1)
	if level == 0 {
		return time.Duration(rest) * time.Millisecond
	}
	return time.Duration((rest|1<<histogramBits+1)<<(level-1)-1) * time.Millisecond
}

func (h *histogram) merge(other *histogram) {
	for i, n := range other.counts {
		h.counts[i] += n
	}
	h.total += other.total
	h.longest = max(h.longest, other.longest)
}

// quantile returns a duration that the part q of those counted does not exceed, zero
// if there are none.
func (h *histogram) quantile(q float64) time.Duration {
	left := int64(q * float64(h.total))
	for i, n := range h.counts {
		if left -= n; n > 0 && left <= 0 {
			return min(top(i), h.longest)
		}
	}
	return h.longest
}
