package conformance

// doHydration takes the steps on dehydrated states.
func (r *run) doHydration(_ *client, step object) (done bool, err error) {
	switch step["do"] {
	case "dehydrate", "hydrate":
		return true, unsupported(step)
	}
	return false, nil
}
