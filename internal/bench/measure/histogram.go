package measure

import (
	"math"
	"math/bits"
)

// Histogram counts latencies in buckets of a sixteenth of an octave. The zero
// Histogram is empty. It is for one goroutine at a time.
type Histogram struct {
	buckets [64 * 16]uint32
	count   int
	max     int64
}

// Add counts one latency.
func (h *Histogram) Add(nanos int64) {
	nanos = max(nanos, 1)
	h.max = max(h.max, nanos)
	octave := bits.Len64(uint64(nanos)) - 1
	h.buckets[octave*16+int((uint64(nanos)<<4>>octave)&15)]++
	h.count++
}

// Merge adds the counts of another histogram.
func (h *Histogram) Merge(other *Histogram) {
	for i, n := range other.buckets {
		h.buckets[i] += n
	}
	h.count += other.count
	h.max = max(h.max, other.max)
}

// Max returns the greatest latency in nanoseconds.
func (h *Histogram) Max() float64 { return float64(h.max) }

// Quantile returns the latency in nanoseconds that the share q of all does not
// exceed, to within a bucket; zero if there are none.
func (h *Histogram) Quantile(q float64) float64 {
	want := int(math.Ceil(q * float64(h.count)))
	seen := 0
	for i, n := range h.buckets {
		seen += int(n)
		if n > 0 && seen >= want {
			return math.Ldexp(1+(float64(i%16)+0.5)/16, i/16)
		}
	}
	return 0
}
