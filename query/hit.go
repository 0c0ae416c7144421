package query

// hit returns data of e that are fresh beyond doubt, without a look at the clock. It
// answers nearly every fetch of what is in the cache, in a few loads: of the entry, of
// the first line of its state, and of what all entries share. What it declines is for
// serve, which knows all the rules.
func hit[T any](e *entry, stale StaleTime) (v T, ok bool) {
	s, b := e.state.now.Load(), e.state.branch
	if stale.kind != staleAfter || s.since == 0 || s.marks < b.marks.Load() ||
		!b.c.sched.ToCome(s.since+int64(stale.d)) || b.c.over.Load() {
		return v, false
	}
	e.use()
	v, ok = s.data.(T)
	return v, ok
}

// since is when the data of s were current, as the scheduler reads it, and zero if
// that is not all it takes to tell whether they are fresh.
func (c *Client) since(s *state) int64 {
	if !s.hasData || s.invalidated || isPacked(s.data) {
		return 0
	}
	return c.sched.Reading(s.dataUpdatedAt)
}
