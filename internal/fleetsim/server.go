package fleetsim

import "time"

// slice is how long a slice of time is. No answer comes sooner than that.
const slice = 100 * time.Millisecond

// never is later than anything, and far from the end of what can be counted.
const never = time.Duration(1 << 62)

// server is a queue of work. What arrives within a slice counts as arriving evenly
// and in random order: the place of a request in it is drawn by what it asks for and
// when. Refusing costs nothing.
type server struct {
	cfg      *Config
	story    story
	capacity float64 // work in a slice
	backlog  float64
	past     []moment // slices that are over
}

// moment is what becomes of requests that were sent in one slice.
type moment struct {
	down bool
	wait float64 // of the first
	rise float64 // of the wait until the last
}

func newServer(cfg *Config, sellers int) *server {
	s := &server{cfg: cfg, story: cfg.story()}
	s.capacity = cfg.Headroom * float64(sellers) * float64(cfg.naiveWork()) * slice.Seconds()
	return s
}

// close ends a slice in which so much work has arrived.
func (s *server) close(work int64) {
	now := time.Duration(len(s.past)) * slice
	if s.story.isDown(now) {
		s.past = append(s.past, moment{down: true})
		s.backlog = 0
		return
	}
	arrived := float64(work)
	m := moment{wait: s.backlog / s.capacity * float64(slice), rise: (arrived/s.capacity - 1) * float64(slice)}
	s.past = append(s.past, m)
	if longest := float64(s.cfg.MaxWait); m.wait+m.rise > longest && m.rise > 0 {
		arrived *= max(0, min(1, (longest-m.wait)/m.rise))
	}
	s.backlog = max(0, s.backlog+arrived-s.capacity)
}

// verdict is what becomes of a request.
type verdict struct {
	refused    bool
	retryAfter time.Duration
	wait       time.Duration
}

// certain reports whether the place of a request makes no difference: all are served
// at once or, if the server is down, refused.
func (m *moment) certain() bool { return m.down || m.wait <= 0 && m.rise <= 0 }

// judge says what becomes of a request that was sent in a slice that is over, by its
// place there.
func (s *server) judge(m *moment, place float64) verdict {
	if m.certain() {
		return verdict{refused: m.down}
	}
	wait := time.Duration(max(0, m.wait+place*m.rise))
	if wait > s.cfg.MaxWait {
		return verdict{refused: true, retryAfter: s.cfg.RetryAfter}
	}
	return verdict{wait: wait}
}

// place is the place of a request among those of its slice, from 0 up to 1.
func (s *server) place(seller int, sent time.Duration, first procedure) float64 {
	r := newRNG(s.cfg.Seed+uint64(sent), seller, stemQueue)
	r += rng(first)
	return r.float()
}
