package conformance

// doGroup takes the steps on observers of lists of queries.
func (r *run) doGroup(_ *client, step object) (done bool, err error) {
	switch step["do"] {
	case "observeQueries", "setQueries":
		return true, unsupported(step)
	}
	return false, nil
}
