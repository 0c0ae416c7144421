// Package peer holds the contestants that exist besides Freshet: the caches people
// use today, and what they write by hand where those have nothing to offer.
package peer

import "github.com/freshet-go/freshet/internal/bench/contest"

// All returns every peer.
func All() []contest.Spec {
	return []contest.Spec{
		otterSpec(), coarseOtterSpec(), sturdycSpec(), ttlcacheSpec(), ristrettoSpec(), theineSpec(), goCacheSpec(),
		tickerSpec(), afterFuncSpec(), deepEqualSpec(),
	}
}
