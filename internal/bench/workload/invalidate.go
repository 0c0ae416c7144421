package workload

import (
	"fmt"
	"runtime"

	"github.com/freshet-go/freshet/internal/bench/contest"
	"github.com/freshet-go/freshet/internal/bench/measure"
)

const ordersPerTenant = 1000

// invalidation is W5.
func invalidation(o Options, r *measure.Results) error {
	values := make([]contest.Payload, ordersPerTenant)
	for _, tenants := range pick(o, []int{10, 100}, []int{10, 1000}, []int{10, 100, 1000}) {
		rec := r.Case("W5", fmt.Sprintf("N=%dk", tenants))
		trees, err := enter(o, func(s contest.Spec) (contest.Tree, error) { return newFullTree(s, tenants, values) })
		if err != nil {
			return err
		}
		measure.Settle()
		for round := range o.Rounds {
			for _, t := range turns(trees, round) {
				if err := invalidateOnce(rec, t, tenants, (round*37+3)%tenants, values); err != nil {
					return err
				}
			}
			runtime.GC()
		}
		for _, t := range trees {
			if err := t.it.Close(); err != nil {
				return err
			}
		}
		o.Log("W5 %dk", tenants)
	}
	return nil
}

func newFullTree(s contest.Spec, tenants int, values []contest.Payload) (contest.Tree, error) {
	if s.NewTree == nil {
		return nil, contest.ErrNotOffered
	}
	t, err := s.NewTree(tenants * ordersPerTenant)
	if err != nil {
		return nil, err
	}
	for tenant := range tenants {
		if err := putTenant(t, tenant, values); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func putTenant(t contest.Tree, tenant int, values []contest.Payload) error {
	for id := range ordersPerTenant {
		if err := t.Put(tenant, id, &values[id]); err != nil {
			return err
		}
	}
	return nil
}

// invalidateOnce times one invalidation, checks what it did, and puts the entries
// back.
func invalidateOnce(rec measure.Recorder, t entrant[contest.Tree], tenants, tenant int, values []contest.Payload) error {
	var err error
	before := measure.Allocations()
	spent := measure.Timed(func() { err = t.it.InvalidateTenant(tenant) })
	objects, bytes := measure.Allocations().Since(before, 1)
	if err != nil {
		return err
	}
	neighbour := (tenant + 1) % tenants
	if hit, spared := freshOf(t.it, tenant), freshOf(t.it, neighbour); hit != 0 || spared != ordersPerTenant {
		return wrong(t.name, "%d entries fresh after, and %d of the neighbour's", hit, spared)
	}
	rec.Timing(t.name, "wall us", float64(spent.Wall)/1e3)
	rec.Timing(t.name, "cpu us", float64(spent.CPU)/1e3)
	rec.Count(t.name, "allocs", objects)
	rec.Count(t.name, "B", bytes)
	if err := putTenant(t.it, tenant, values); err != nil {
		return err
	}
	// Looked at now and not before the next time, so that its entries are cold then.
	if fresh := freshOf(t.it, tenant); fresh != ordersPerTenant {
		return wrong(t.name, "%d of %d entries fresh again", fresh, ordersPerTenant)
	}
	return nil
}

func freshOf(t contest.Tree, tenant int) (fresh int) {
	for id := range ordersPerTenant {
		if t.Fresh(tenant, id) {
			fresh++
		}
	}
	return fresh
}
