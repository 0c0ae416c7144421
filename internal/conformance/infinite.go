package conformance

// doInfinite takes the steps on infinite queries.
func (r *run) doInfinite(_ *client, step object) (done bool, err error) {
	switch step["do"] {
	case "observeInfinite", "fetchNextPage", "fetchPreviousPage",
		"fetchInfiniteQuery", "infiniteQuery", "ensureInfiniteQueryData", "prefetchInfiniteQuery":
		return true, unsupported(step)
	}
	return false, nil
}
