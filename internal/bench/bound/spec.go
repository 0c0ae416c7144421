// Package bound holds contestants that are no caches: each does the part of a
// workload that no design can leave out, in the least code, and nothing else. What
// Freshet takes above them in the same rounds is what its features cost and what a
// better design might save; what is below them is out of reach on that machine.
package bound

import "github.com/freshet-go/freshet/internal/bench/contest"

// Name is the bound of most workloads, FamilyName that of keys with a prefix that is
// resolved beforehand.
const (
	Name       = "bound"
	FamilyName = "bound, family"
)

// All returns the bounds. They coalesce nothing, so W2 does without them.
func All() []contest.Spec {
	return []contest.Spec{
		{
			Name: Name,
			Note: "no cache but the least code, to show the limit. W1 and W3: hash, find, see that it is fresh by a time noted " +
				"before. W4: an entry knows its value, times and neighbours in the prefix. W6: a queue on one timer. W7: a mailbox " +
				"each, emptied by one goroutine. W9: compare, decode what differs. W10: what the promises need of the standard library.",
			NewCache:    newStrings,
			NewParts:    newParts,
			NewPoller:   newPoller,
			NewNotifier: newNotifier,
			NewRaw:      newRaw,
			Minimal:     "bound",
		},
		{
			Name:     FamilyName,
			Note:     "the same for a key whose prefix is known beforehand: an integer is found",
			NewParts: newFamily,
		},
	}
}
