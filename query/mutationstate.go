package query

import "time"

// mutationState is all that is known of one run of a mutation. It is never
// changed once stored.
type mutationState struct {
	status  Status
	data    any
	hasData bool
	err     error

	variables any
	hasVars   bool
	context   any // what OnMutate returned

	failureCount  int
	failureReason error
	retryAt       time.Time
	paused        bool
	submittedAt   time.Time
}

// mutationAction is a named change of a mutation's state.
type mutationAction interface {
	applyMutation(s mutationState) mutationState
}

// submitAction begins a mutation, or adds the context to one that has begun.
type submitAction struct {
	variables any
	context   any
	paused    bool
	at        time.Time
}

func reduceMutation(s *mutationState, a mutationAction) *mutationState {
	next := a.applyMutation(*s)
	return &next
}

func (a submitAction) applyMutation(mutationState) mutationState {
	return mutationState{
		status: StatusPending, variables: a.variables, hasVars: true, context: a.context,
		paused: a.paused, submittedAt: a.at,
	}
}

func (a failedAction) applyMutation(s mutationState) mutationState {
	s.failureCount, s.failureReason, s.retryAt = a.count, a.err, a.retryAt
	return s
}

func (pauseAction) applyMutation(s mutationState) mutationState {
	s.paused, s.retryAt = true, time.Time{}
	return s
}

func (continueAction) applyMutation(s mutationState) mutationState {
	s.paused = false
	return s
}

func (a successAction) applyMutation(s mutationState) mutationState {
	s.status, s.data, s.hasData = StatusSuccess, a.data, true
	s.err, s.failureCount, s.failureReason = nil, 0, nil
	s.paused, s.retryAt = false, time.Time{}
	return s
}

func (a errorAction) applyMutation(s mutationState) mutationState {
	s.status, s.data, s.hasData = StatusError, nil, false
	s.err, s.failureReason = a.err, a.err
	s.failureCount++
	s.paused, s.retryAt = false, time.Time{}
	return s
}
