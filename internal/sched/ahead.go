package sched

import "time"

// Ahead is for a task that runs: it takes alarms before their time, those that are
// due next first, as long as accept wants their tasks, which are then up to the
// caller. accept hears how long before its time each would be, and runs under the
// scheduler's mutex.
func (s *Scheduler) Ahead(accept func(t Task, early time.Duration) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.elapsedLocked()
	for m := s.agenda.next(); m != nil; m = s.agenda.next() {
		a := m.first
		if s.agenda.movesOn(a) {
			continue
		}
		if !accept(a.task, max(0, m.at-now)) {
			return
		}
		s.agenda.remove(a)
	}
}
