package query

import "fmt"

// side is what features that are not always on know of an entry. Entries that
// none of them is interested in have none.
type side struct {
	pacer  *pacer  // of an adaptive interval
	ride   ride    // of its last poll
	ticket *ticket // while it waits to be fetched
	turned uint64  // when it was last turned to, zero while nobody observes it
}

// sides are all of a client, guarded by its mutex.
type sides map[*entry]*side

// of returns the side of e, made if it is missing.
func (s *sides) of(e *entry) *side {
	if x := (*s)[e]; x != nil {
		return x
	}
	if *s == nil {
		*s = sides{}
	}
	x := new(side)
	(*s)[e] = x
	return x
}

// witness tells the side of e of a change of its state.
func (tx *txn) witness(e *entry, a action, before, next *state) {
	if x := tx.sides[e]; x != nil && x.pacer != nil {
		x.pacer.witness(a, before, next, tx.now())
	}
}

// observed is to be told of each observer that comes.
func (tx *txn) observed(e *entry) {
	if tx.storm.bounded() {
		tx.storm.turns++
		tx.sides.of(e).turned = tx.storm.turns
	}
}

// unobserved is to be told when the last observer has left.
func (tx *txn) unobserved(e *entry) {
	if x := tx.sides[e]; x != nil {
		tx.drop(x.ticket, nil, nil)
		delete(tx.sides, e)
	}
}

// side tells what is known of an entry by features that are not always on.
func (x *explainer) side(e *entry) {
	c := x.c
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.sides[e]
	if s == nil {
		return
	}
	switch t := s.ticket; {
	case t == nil:
	case t.at.After(x.now):
		x.at(ReasonQueued, t.at, "It is fetched again %s: fetches are spread after the network has returned.", x.in(t.at))
	default:
		x.say(ReasonQueued, fmt.Sprintf("It waits for one of %d places in a mass refetch.", c.storm.Places))
	}
	if s.pacer != nil {
		x.say(ReasonAdaptive, fmt.Sprintf("Its interval is adaptive: %s.", s.pacer.why()))
	}
	if s.ride.company != nil {
		x.say(ReasonTogether, s.ride.String())
	}
}
