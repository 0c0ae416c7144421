package persist

import (
	"math"
	"time"

	"github.com/freshet-go/freshet/query"
)

// Forever as a MaxAge keeps what is stored however old it is.
const Forever = time.Duration(math.MaxInt64)

// Options say what is kept of a client, and for how long. The zero Options work.
type Options struct {
	// MaxAge is how old a snapshot may be to be restored. Entries that nobody
	// observes are collected after Policy.GCTime nonetheless. Default: 24 hours.
	MaxAge time.Duration
	// Buster is the version of the data. A snapshot with another one is removed:
	// change it when the types of the data change.
	Buster string
	// Dehydrate chooses what is saved.
	Dehydrate query.DehydrateOptions
	// Hydrate fills the gaps of what is restored.
	Hydrate query.HydrateOptions
	// Throttle is the least time from the end of a save to the next one. Default: a
	// second.
	Throttle time.Duration
	// ResumeMutations is whether Start lets the mutations go on that were restored.
	// Default: On. Off leaves them to Client.ResumePausedMutations, focus and network.
	ResumeMutations query.Toggle
	// Retry is asked after a save that failed for what to save instead, until a save
	// succeeds or it returns nil. Nil gives up at once. See RemoveOldest.
	Retry func(f FailedSave) *Record
	// OnError hears of what fails in the background, and why a snapshot that was
	// malformed is gone. It may be called concurrently. Nil is silence.
	OnError func(err error)
}

func (o Options) maxAge() time.Duration { return orDefault(o.MaxAge, 24*time.Hour) }

func (o Options) throttle() time.Duration { return orDefault(o.Throttle, time.Second) }

func orDefault(d, fallback time.Duration) time.Duration {
	if d <= 0 {
		return fallback
	}
	return d
}

func (o Options) report(err error) { tell(o.OnError, err) }

// tell hands err to a callback, which may be nil.
func tell(f func(error), err error) {
	if f == nil || err == nil {
		return
	}
	_ = guard(func() error { f(err); return nil }) // whom to tell that telling failed?
}
