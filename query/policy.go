package query

import "cmp"

// Policy says how a query is fetched, kept fresh and kept in memory. Every
// field's zero value means inherit: from the defaults of the matching key
// prefixes, the latest set first, then from the client's defaults, then from the
// default that the field names. A Policy is a plain value: copy it and assign to
// change one. Its functions run on whatever goroutine needs the answer, those of
// timers included, maybe several at a time.
type Policy struct {
	// StaleTime is how long data count as fresh. Default: StaleAfter(0), stale
	// at once.
	StaleTime StaleTime
	// GCTime is how long data that nobody observes are kept. The longest one
	// ever given to an entry counts. Default: GCAfter(5 * time.Minute).
	GCTime GCTime
	// RefetchInterval polls while the query is observed: Every, EveryFunc, or the
	// Interval of an Adaptive. Default: NoInterval().
	RefetchInterval RefetchInterval
	// RefetchIntervalInBackground polls without focus, too. Default: Off.
	RefetchIntervalInBackground Toggle
	// RefetchOnMount decides about data that are there when observing begins.
	// Default: IfStale.
	RefetchOnMount RefetchPolicy
	// RefetchOnFocus decides when the application is looked at again. Default:
	// IfStale.
	RefetchOnFocus RefetchPolicy
	// RefetchOnReconnect decides when the network returns. Default: IfStale, but
	// Never with NetworkAlways.
	RefetchOnReconnect RefetchPolicy
	// RetryOnMount fetches a query again that failed without data when observing
	// begins. Default: On.
	RetryOnMount RetryOnMountPolicy
	// Retry decides whether a failed attempt is followed by another. Default:
	// Retries(3) for observed queries, NoRetry() for Fetch and its relatives.
	Retry Retry
	// RetryDelay is the wait before the next attempt. Default:
	// Exponential(time.Second, 30*time.Second).
	RetryDelay RetryDelay
	// NetworkMode says what needs a network. Default: NetworkOnline.
	NetworkMode NetworkMode
	// Enabled turns automatic fetching off; Refetch on an observer still works.
	// Default: On.
	Enabled EnabledPolicy
	// StructuralSharing keeps the parts of old data that new data repeat, so that
	// equal data stay the same value. Default: On.
	StructuralSharing Toggle
	// NotifyOn limits notification to changes of these fields of a result. Nil
	// means every change; an empty list means none.
	NotifyOn []Field
}

// over returns p with its gaps filled from base.
func (p Policy) over(base Policy) Policy {
	if p.StaleTime.kind == staleInherit {
		p.StaleTime = base.StaleTime
	}
	if p.GCTime.kind == gcInherit {
		p.GCTime = base.GCTime
	}
	if p.RefetchInterval.kind == intervalInherit {
		p.RefetchInterval = base.RefetchInterval
	}
	if p.Retry.kind == retryInherit {
		p.Retry = base.Retry
	}
	if p.RetryDelay.kind == delayInherit {
		p.RetryDelay = base.RetryDelay
	}
	if p.RefetchOnMount == nil {
		p.RefetchOnMount = base.RefetchOnMount
	}
	if p.RefetchOnFocus == nil {
		p.RefetchOnFocus = base.RefetchOnFocus
	}
	if p.RefetchOnReconnect == nil {
		p.RefetchOnReconnect = base.RefetchOnReconnect
	}
	if p.RetryOnMount == nil {
		p.RetryOnMount = base.RetryOnMount
	}
	if p.Enabled == nil {
		p.Enabled = base.Enabled
	}
	if p.NotifyOn == nil {
		p.NotifyOn = base.NotifyOn
	}
	p.RefetchIntervalInBackground = cmp.Or(p.RefetchIntervalInBackground, base.RefetchIntervalInBackground)
	p.NetworkMode = cmp.Or(p.NetworkMode, base.NetworkMode)
	p.StructuralSharing = cmp.Or(p.StructuralSharing, base.StructuralSharing)
	return p
}
