package query

// Quirks bring back what TanStack Query does and hardly anybody wants. They are
// for those who must have its behaviour to the letter, and for the tests that
// prove it; DIFFERENCES.md names the scenario that shows each. The zero Quirks
// are none.
type Quirks struct {
	// OrphanedObservers lets an observer whose entry was collected or removed
	// before somebody subscribed keep that entry, which nobody else sees. Otherwise
	// it turns to the entry that has its key now, or makes one.
	OrphanedObservers bool
	// UncollectedAfterReset never collects an entry that was reset while nobody
	// observed it. Otherwise its time begins anew.
	UncollectedAfterReset bool
	// StickySelectErrors keeps the error of a select function that was taken away
	// until there are no data. Otherwise the error goes with the function.
	StickySelectErrors bool
	// RefilterInvalidated lets Invalidate choose what it refetches when it has
	// marked everything stale, so that a filter for what is fresh finds nothing.
	// Otherwise it chooses before.
	RefilterInvalidated bool
	// HangingCancel leaves a query that was cancelled silently and without revert
	// fetching for ever. Otherwise it is idle.
	HangingCancel bool
	// HangingResume makes the return of focus or network wait for ever, and nothing
	// refetch, if OnMutate of a mutation that was paused fails meanwhile.
	HangingResume bool
	// StuckStaleFlag lets a stale timer that fires over data newer than those it was
	// set for be the last one, so that Result.IsStale stays false. Otherwise it is set
	// again.
	StuckStaleFlag bool
	// StrandedMutations leaves a hydrated mutation that was under way when its
	// snapshot was taken, and not paused, pending for good and in the way of its
	// scope, and one that was cleared between two attempts, while another of its
	// scope is under way when the next is due. Otherwise the one is paused and the
	// other goes on.
	StrandedMutations bool
}
