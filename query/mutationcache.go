package query

import (
	"slices"

	"github.com/freshet-go/freshet/querykey"
)

// mutationCache holds the mutations of a client, oldest first. It is guarded by
// the client's mutex.
type mutationCache struct {
	all    []*mutation // copied on write
	scopes map[string][]*mutation
	lastID uint64
}

func (mc *mutationCache) add(tx *txn, m *mutation) {
	mc.lastID++
	m.id = mc.lastID
	mc.all = append(slices.Clip(mc.all), m)
	if scope := m.scope(); scope != "" {
		if mc.scopes == nil {
			mc.scopes = make(map[string][]*mutation)
		}
		mc.scopes[scope] = append(mc.scopes[scope], m)
	}
	m.gcTime = m.policy.GCTime.orDefault()
	mc.scheduleGC(tx, m)
	tx.tellMutation(EventAdded, m, nil)
}

func (mc *mutationCache) remove(m *mutation) {
	m.gcTimer.Stop()
	same := func(x *mutation) bool { return x == m }
	mc.all = slices.DeleteFunc(slices.Clone(mc.all), same)
	scope := m.scope()
	if rest := slices.DeleteFunc(mc.scopes[scope], same); len(rest) > 0 {
		mc.scopes[scope] = rest
	} else {
		delete(mc.scopes, scope)
	}
}

// turnOf reports whether no mutation before m in its scope is still pending. All
// are before one that was cleared.
func (mc *mutationCache) turnOf(m *mutation) bool {
	for _, x := range mc.scopes[m.scope()] {
		if x.state.Load().status == StatusPending {
			return x == m
		}
	}
	return true
}

// settled lets the next of the scope go on.
func (mc *mutationCache) settled(tx *txn, m *mutation) {
	if m.gcTime.kind == gcAfter && m.gcTime.d == 0 && len(m.observers) == 0 {
		mc.scheduleGC(tx, m)
	}
	for _, x := range mc.scopes[m.scope()] {
		if x != m && x.state.Load().paused {
			tx.resumeMutation(x, 0)
			return
		}
	}
}

// scheduleGC lets a mutation be forgotten when its time has passed from now on.
func (mc *mutationCache) scheduleGC(tx *txn, m *mutation) {
	m.gcTimer.Stop()
	if m.gcTime.kind == gcNever || tx.closed {
		return
	}
	c := tx.Client // tx serves somebody else by then
	m.gcTimer = c.sched.AfterFunc(m.gcTime.d, func() { c.collectMutation(m) })
}

func (c *Client) collectMutation(m *mutation) {
	c.update(func(tx *txn) {
		switch {
		case len(m.observers) > 0 || tx.closed || !slices.Contains(tx.mutations.all, m):
		case m.state.Load().status != StatusPending:
			tx.mutations.remove(m)
			tx.tellMutation(EventRemoved, m, nil)
		case m.gcTime.d > 0: // else when it is settled
			tx.mutations.scheduleGC(tx, m)
		}
	})
}

// clear forgets all mutations. One that runs goes on unseen, one that waits for
// its turn never gets it.
func (mc *mutationCache) clear(tx *txn) {
	all := mc.all
	for _, m := range all {
		m.gcTimer.Stop()
		m.cleared = true
	}
	mc.all, mc.scopes = nil, nil
	for _, m := range all {
		tx.tellMutation(EventRemoved, m, nil)
	}
}

func (mc *mutationCache) close(*txn) {
	for _, m := range mc.all {
		m.gcTimer.Stop()
		for _, o := range m.observers {
			o.closeLocked()
		}
	}
}

// MutationFilter chooses mutations; all its conditions must hold. The zero
// filter chooses all.
type MutationFilter struct {
	// Key chooses mutations whose key begins with it; those without key match only
	// an empty one.
	Key querykey.Key
	// Exact chooses only Key itself. It is ignored if Key is empty.
	Exact bool
	// Status chooses by status; empty is any.
	Status Status
	// Predicate chooses by anything else. It must not use the client.
	Predicate func(MutationInfo) bool
}

// Mutations returns what f chooses, in the order in which it was made.
func (c *Client) Mutations(f MutationFilter) []MutationInfo {
	c.mu.Lock()
	all := c.mutations.all
	c.mu.Unlock()
	var chosen []MutationInfo
	if f.Key.Err() != nil {
		return nil
	}
	for _, m := range all {
		i := m.info()
		keyed := f.Key.Len() == 0 || i.Key.Len() > 0 && i.Key.Matches(f.Key) && (!f.Exact || i.Key == f.Key)
		if keyed && (f.Status == "" || f.Status == i.Status) &&
			(f.Predicate == nil || ask(c, "Predicate", false, func() bool { return f.Predicate(i) })) {
			chosen = append(chosen, i)
		}
	}
	return chosen
}

// IsMutating returns how many of the mutations that f chooses are pending,
// paused ones included.
func (c *Client) IsMutating(f MutationFilter) int {
	f.Status = StatusPending
	return len(c.Mutations(f))
}
