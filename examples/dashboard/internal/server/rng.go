package server

// rng is a small deterministic generator (mulberry32). It is written out so that a seed
// means the same data in every Go release, and the same as at other servers of this wire.
type rng struct{ state uint32 }

// newRNG starts a generator from a text, such as "1|seller|2|".
func newRNG(text string) *rng { return &rng{state: hash(text)} }

// fraction returns the next number in [0, 1).
func (r *rng) fraction() float64 {
	r.state += 0x6d2b79f5
	t := r.state
	t = (t ^ t>>15) * (t | 1)
	t ^= t + (t^t>>7)*(t|61)
	return float64(t^t>>14) / (1 << 32)
}

// between returns a whole number from lo to hi, both included.
func (r *rng) between(lo, hi int) int {
	return lo + int(r.fraction()*float64(hi-lo+1))
}

// pick returns one of xs, which must not be empty.
func pick[T any](r *rng, xs []T) T {
	return xs[int(r.fraction()*float64(len(xs)))]
}

// hash is FNV-1a over the code points of text.
func hash(text string) uint32 {
	h := uint32(2166136261)
	for _, c := range text {
		h = (h ^ uint32(c)) * 16777619
	}
	return h
}
