package signals

// Coalesce has f run on a goroutine of its own whenever poke was called, which
// returns at once. Any number of calls during a run bring about one more. So a
// subscriber can poke what must not block it, such as the loop of a toolkit. stop
// ends it and waits for a run under way: call it where f can end, never from f. A
// panic of f is not recovered.
func Coalesce(f func()) (poke, stop func()) {
	t := newTurns(f)
	return t.apart, t.stop
}
