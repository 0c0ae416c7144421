package query

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/freshet-go/freshet/querykey"
)

// EventKind says what an Event is about.
type EventKind string

// The kinds of events. They are about a query where Event.Query is set, else
// about a mutation. Only queries have EventObserverResultsUpdated.
const (
	EventAdded                  EventKind = "added"                  // it is in the cache from now on
	EventRemoved                EventKind = "removed"                // it is no longer
	EventUpdated                EventKind = "updated"                // its state changed, see Event.Action
	EventObserverAdded          EventKind = "observerAdded"          // an observer of it has its first subscriber
	EventObserverRemoved        EventKind = "observerRemoved"        // an observer of it has left
	EventObserverResultsUpdated EventKind = "observerResultsUpdated" // an observer shows another result
	EventObserverOptionsUpdated EventKind = "observerOptionsUpdated" // an observer was given a query or mutation anew
	EventLost                   EventKind = "lost"                   // events were dropped, see Event.Lost
)

// Action says what changed a state.
type Action string

// The actions of EventUpdated.
const (
	ActionPending    Action = "pending"    // a mutation began, or has its context now
	ActionFetch      Action = "fetch"      // a fetch began
	ActionFailed     Action = "failed"     // an attempt failed, and another will follow
	ActionPause      Action = "pause"      // it waits for network, focus or its turn
	ActionContinue   Action = "continue"   // it waits no more
	ActionSuccess    Action = "success"    // data were fetched or, see Event.Manual, written
	ActionError      Action = "error"      // it failed for good
	ActionInvalidate Action = "invalidate" // it was marked stale
	ActionSetState   Action = "setState"   // a reset, a cancellation, initial or hydrated data
	ActionPatch      Action = "patch"      // optimistic patches over the data changed
)

// Event is one thing that happened in the cache. What it points to is shared by
// all who hear of it and must not be changed.
type Event struct {
	Kind   EventKind
	At     time.Time // by the client's clock
	Action Action    // what EventUpdated is about
	Manual bool      // data were written, not fetched
	// Unchanged means that data were fetched and the server said that they are the
	// same; see ErrNotModified.
	Unchanged bool
	// Query is the entry that the event is about, as the event left it.
	Query *Entry
	// Mutation is the run that the event is about, as the event left it. An observer
	// that has not run its mutation has one without ID.
	Mutation *MutationInfo
	// Result is what the observer shows after EventObserverResultsUpdated.
	Result Result[any]
	// Lost is how many events before this one the subscriber was too slow for.
	Lost int
}

// key returns the key of the query or mutation.
func (ev *Event) key() querykey.Key {
	if ev.Query != nil {
		return ev.Query.State.key
	}
	return ev.Mutation.Key
}

// EventOptions say what to hear of. The zero value hears of everything.
type EventOptions struct {
	// Key chooses queries and mutations whose key begins with it.
	Key querykey.Key
	// Kinds chooses kinds of events; nil is all.
	Kinds []EventKind
	// Buffer is how many events wait for a slow subscriber. When there are more the
	// oldest are dropped and counted, and EventLost takes their place. Default:
	// 1024.
	Buffer int
}

func (o *EventOptions) wants(ev *Event) bool {
	return (o.Kinds == nil || slices.Contains(o.Kinds, ev.Kind)) &&
		(o.Key.Len() == 0 || ev.key().Matches(o.Key))
}

// Events iterates over what happens in the cache from now on, one event after
// the other and none conflated, until ctx is done, the client is closed or the
// loop is left. Each loop is a subscription of its own and begins with the loop;
// to miss nothing from an earlier moment on, use SubscribeEvents. Events of one
// query come in the order of its states, and an update comes after the results of
// observers that it changed.
func (c *Client) Events(ctx context.Context, o EventOptions) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		box := c.subscribeEvents(o, nil)
		defer c.unsubscribeEvents(box)
		for range box.m.mail(ctx) {
			if ev, ok := box.take(); ok && !yield(ev) {
				return
			}
		}
	}
}

// SubscribeEvents calls f with what happens in the cache from now on, as Events
// does, until stop is called. Calls come one at a time, on a goroutine of the
// client. What waits when stop or Close is called is dropped. stop may be called
// more than once, and from f.
func (c *Client) SubscribeEvents(o EventOptions, f func(Event)) (stop func()) {
	if f == nil {
		c.report("SubscribeEvents", ErrNilCallback)
		return func() {}
	}
	box := c.subscribeEvents(o, f)
	return func() { c.unsubscribeEvents(box) }
}

// actionOf names the change of a query or mutation.
func actionOf(change any) (name Action, manual bool) {
	switch a := change.(type) {
	case submitAction:
		return ActionPending, false
	case fetchAction:
		return ActionFetch, false
	case failedAction:
		return ActionFailed, false
	case pauseAction:
		return ActionPause, false
	case continueAction:
		return ActionContinue, false
	case successAction:
		return ActionSuccess, a.manual
	case errorAction:
		return ActionError, false
	case invalidateAction:
		return ActionInvalidate, false
	case setAction:
		return ActionSetState, false
	case patchAction:
		return ActionPatch, false
	default:
		return "", false
	}
}
