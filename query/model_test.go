package query_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

// Programs are lists of moments. The acts of a moment run at the same time, each
// on a goroutine of its own; when all that can happen has happened the invariants
// are checked, and some time passes before the next moment. Acts that begin some
// nanoseconds apart and whose functions take some nanoseconds meet each other half
// way and, unless they are to begin together, always in the same manner, so that
// failures shrink. -rapid.checks says how many programs are tried.

func TestModel_invariantsHoldWhatever(t *testing.T) {
	t.Parallel()
	checkPrograms(t, false)
}

// Without acts that make the cache forget, more is certain: counts add up and
// nothing goes back.
func TestModel_nothingIsLostIfNothingIsForgotten(t *testing.T) {
	t.Parallel()
	checkPrograms(t, true)
}

func checkPrograms(t *testing.T, calm bool) {
	t.Helper()
	rapid.Check(t, func(rt *rapid.T) {
		// Few operations in one program meet each other more often than many.
		some := rapid.SliceOfNDistinct(rapid.SampledFrom(operations(calm)), 2, 12, rapid.ID[string]).Draw(rt, "operations")
		program := rapid.SliceOfN(moments(calm, some), 1, 25).Draw(rt, "program")
		m := &model{calm: calm, made: map[datum]bool{}, done: map[string]bool{}, mutations: map[int]*changing{}, lastOfScope: map[string]uint64{}}
		synctest.Test(t, func(*testing.T) { m.run(program) })
		require.Empty(rt, m.violations.all())
	})
}

type moment struct {
	Acts     []act
	Together bool // acts that begin at one time do so in any order
	Then     time.Duration
}

// act is one call of the client. It uses of its settings what it needs.
type act struct {
	Op       string
	Key      int // which of the data, allKeys for a filter that matches them all
	Seat     int // which observer
	Scope    string
	Behave   behaviour
	Policy   query.Policy
	Refetch  query.RefetchOptions
	Cancel   query.CancelOptions
	Patience time.Duration // until the caller gives up, zero for never
	Begin    int           // when in the moment
	Slow     time.Duration // what each predicate, policy function, updater and patch takes
}

// GoString shows the act in the report of a failure, with little of what was left
// alone.
func (a act) GoString() string {
	return fmt.Sprintf("\n  %s key %d seat %d scope %q %v begin %d slow %d patience %v policy %v refetch %v cancel %v",
		a.Op, a.Key, a.Seat, a.Scope, a.Behave, a.Begin, a.Slow, a.Patience, a.Policy, a.Refetch, a.Cancel)
}

// behaviour is what a fetch function or a mutation does.
type behaviour struct {
	Takes time.Duration
	Looks bool // at its context
	Ends  string
}

const (
	keys, allKeys, seats = 3, 3, 3
	most                 = 4 // acts in a moment

	endsWell, endsFailing, endsPanicking, endsNever = "well", "failing", "panicking", "never"
)

var errFailed = errors.New("failed")

func operations(calm bool) []string {
	ops := []string{
		"Fetch", "Ensure", "Revalidate", "Get", "Set", "Update", "UpdateLedger", "Mutate", "Invalidate", "Refetch", "Cancel",
		"Observe", "Subscribe", "Stop", "SetQuery", "Observer.Refetch", "Watch", "SetQueryDefaults",
		"focus", "blur", "online", "offline", "Mount", "Unmount",
	}
	if !calm {
		ops = append(ops, "Reset", "Remove", "Clear", "UpdateAll", "Close")
	}
	return ops
}

func moments(calm bool, ops []string) *rapid.Generator[moment] {
	acts := rapid.Custom(func(t *rapid.T) act {
		return act{
			Op:       rapid.SampledFrom(ops).Draw(t, "op"),
			Key:      rapid.IntRange(0, keys).Draw(t, "key"),
			Seat:     rapid.IntRange(0, seats-1).Draw(t, "seat"),
			Scope:    rapid.SampledFrom([]string{"", "s", "t"}).Draw(t, "scope"),
			Behave:   behaviours().Draw(t, "behaviour"),
			Policy:   policies(calm).Draw(t, "policy"),
			Refetch:  refetches().Draw(t, "refetch"),
			Cancel:   query.CancelOptions{Revert: toggles().Draw(t, "revert"), Silent: rapid.Bool().Draw(t, "silent")},
			Patience: rapid.SampledFrom([]time.Duration{0, 0, time.Millisecond, 50 * time.Millisecond}).Draw(t, "patience"),
			Begin:    rapid.IntRange(0, 5).Draw(t, "begin"),
			Slow:     time.Duration(rapid.IntRange(0, 7).Draw(t, "slow")),
		}
	})
	return rapid.Custom(func(t *rapid.T) moment {
		return moment{
			Acts:     rapid.SliceOfN(acts, 1, most).Draw(t, "acts"),
			Together: rapid.IntRange(0, 9).Draw(t, "together") == 9,
			Then:     rapid.SampledFrom([]time.Duration{0, 0, time.Millisecond, 20 * time.Millisecond, 100 * time.Millisecond, time.Second}).Draw(t, "then"),
		}
	})
}

func toggles() *rapid.Generator[query.Toggle] {
	return rapid.SampledFrom([]query.Toggle{0, query.On, query.Off})
}

func behaviours() *rapid.Generator[behaviour] {
	return rapid.Custom(func(t *rapid.T) behaviour {
		return behaviour{
			Takes: rapid.SampledFrom([]time.Duration{0, time.Millisecond, 30 * time.Millisecond, 300 * time.Millisecond}).Draw(t, "takes"),
			Looks: rapid.Bool().Draw(t, "looks"),
			Ends:  rapid.SampledFrom([]string{endsWell, endsWell, endsWell, endsFailing, endsPanicking, endsNever}).Draw(t, "ends"),
		}
	})
}

func policies(calm bool) *rapid.Generator[query.Policy] {
	return rapid.Custom(func(t *rapid.T) query.Policy {
		p := query.Policy{
			StaleTime: rapid.SampledFrom([]query.StaleTime{
				{}, query.StaleAfter(0), query.StaleAfter(60 * time.Millisecond), query.StaleNever(), query.StaleStatic(),
			}).Draw(t, "stale time"),
			Retry:           rapid.SampledFrom([]query.Retry{{}, query.NoRetry(), query.Retries(2)}).Draw(t, "retry"),
			RetryDelay:      rapid.SampledFrom([]query.RetryDelay{{}, query.ConstantDelay(40 * time.Millisecond)}).Draw(t, "retry delay"),
			RefetchInterval: rapid.SampledFrom([]query.RefetchInterval{{}, query.Every(250 * time.Millisecond)}).Draw(t, "interval"),
			NetworkMode:     rapid.SampledFrom([]query.NetworkMode{0, query.NetworkAlways, query.NetworkOfflineFirst}).Draw(t, "network mode"),
		}
		if rapid.IntRange(0, 3).Draw(t, "enabled") == 3 {
			p.Enabled = query.Off
		}
		if !calm {
			p.GCTime = rapid.SampledFrom([]query.GCTime{{}, query.GCAfter(0), query.GCAfter(200 * time.Millisecond)}).Draw(t, "gc time")
		}
		return p
	})
}

func refetches() *rapid.Generator[query.RefetchOptions] {
	return rapid.Custom(func(t *rapid.T) query.RefetchOptions {
		return query.RefetchOptions{
			Type:     rapid.SampledFrom([]query.RefetchType{0, query.RefetchInactive, query.RefetchAll, query.RefetchNone}).Draw(t, "type"),
			Cancel:   toggles().Draw(t, "cancel"),
			FailFast: rapid.Bool().Draw(t, "fail fast"),
			NoWait:   rapid.Bool().Draw(t, "no wait"),
		}
	})
}

// datum is what the cache holds in a model: under which key, which of all the
// data ever made, and how many mutations have left their mark.
type datum struct {
	Key, N, Marks int
}

func (d datum) unmarked() datum { return datum{Key: d.Key, N: d.N} }

// model runs a program and keeps account of what must be true.
type model struct {
	calm       bool
	c          *query.Client
	violations notes[string]
	dawdlers   atomic.Int64
	calls      sync.WaitGroup
	giveUp     context.CancelCauseFunc // makes all callers give up
	life       context.Context

	mu          sync.Mutex // guards the rest
	lastN       int
	made        map[datum]bool // without marks
	running     []*running
	mutations   map[int]*changing // by number
	lastOfScope map[string]uint64 // the ID of the mutation that began last
	seats       [seats]*query.Observer[datum]
	subs        []*subscription
	done        map[string]bool // operations so far
	waiting     int             // calls that have not returned
	unmounts    int
	closing     bool
	closed      bool
	successes   [keys]int // told by OnFetch
	failures    [keys]int
	writes      [keys]int
	marks       int // on the ledger
}

// running is a run of a fetch function or a mutation.
type running struct {
	key int // -1 for mutations
	ctx context.Context
}

// changing is a mutation, from the call on.
type changing struct {
	number, key int
	scope       string
	id          uint64 // once the client has it
	begun, over bool
}

// subscription keeps account of what one subscriber is told.
type subscription struct {
	o       *query.Observer[datum]
	stop    func()
	last    query.Result[datum]
	told    bool
	shown   query.Result[datum] // Current when the invariants were last checked
	checked bool
	leaving bool // stop has returned
	stopped bool // and what was on its way has arrived
}

// patienceError is what a caller gives up with; each has its own.
type patienceError struct{ caller *act }

func (*patienceError) Error() string { return "gave up" }

func (m *model) violated(format string, args ...any) {
	m.violations.add(fmt.Sprintf(format, args...))
}

func (m *model) run(program []moment) {
	m.life, m.giveUp = context.WithCancelCause(context.Background())
	defer m.giveUp(nil)
	cfg := query.Config{OnFetch: m.onFetch(), OnMutation: query.MutationCallbacks{OnMutate: m.numbered, OnSettled: m.settled}}
	if m.calm {
		cfg.Defaults.Policy.GCTime = query.GCNever()
	}
	var err error
	if m.c, err = query.New(cfg); err != nil {
		m.violated("New: %v", err)
		return
	}
	if err := query.Set(m.c, ledger, datum{Key: -1}); err != nil {
		m.violated("Set: %v", err)
	}
	for _, now := range program {
		for i := range now.Acts {
			a, begin := &now.Acts[i], now.Acts[i].Begin*most
			if !now.Together {
				begin += i
			}
			m.calls.Go(func() {
				time.Sleep(time.Duration(begin))
				m.call(a)
			})
		}
		m.check()
		pass(now.Then)
		m.check()
	}
	m.end()
	m.giveUp(nil) // whoever still waits has been noted
	m.calls.Wait()
}

// ---- what the program does ----

// ledger is data that nobody fetches: only updates and mutations touch them.
var ledger = query.Query[datum]{Key: key("ledger"), Policy: query.Policy{GCTime: query.GCNever(), Enabled: query.Off}}

func dataKey(k int) querykey.Key { return key("data", k) }

func (m *model) query(a *act) query.Query[datum] {
	k := a.Key % keys
	q := query.Query[datum]{Key: dataKey(k), Fetch: m.fetching(k, a.Behave), Policy: a.Policy}
	if a.Slow > 0 {
		q.Policy.Enabled = query.EnabledFunc(func(query.State[datum]) bool { m.dawdle(a); return a.Policy.Enabled == nil })
		q.Policy.StaleTime = query.StaleFunc(func(query.State[datum]) query.StaleTime { m.dawdle(a); return a.Policy.StaleTime })
	}
	return q
}

// dawdle is time enough for others to come in between.
func (m *model) dawdle(a *act) {
	m.dawdlers.Add(1)
	defer m.dawdlers.Add(-1)
	time.Sleep(a.Slow)
}

func (m *model) filter(a *act) query.Filter {
	f := query.Filter{Key: key("data"), Refetch: a.Refetch, Cancel: a.Cancel}
	if a.Key != allKeys {
		f.Key = dataKey(a.Key)
	}
	if a.Slow > 0 {
		f.Predicate = func(query.State[any]) bool { m.dawdle(a); return true }
	}
	return f
}

func (m *model) call(a *act) {
	ctx, cancel := context.WithCancelCause(m.life)
	defer cancel(nil)
	if a.Patience > 0 {
		defer time.AfterFunc(a.Patience, func() { cancel(&patienceError{a}) }).Stop()
	}
	m.mu.Lock()
	m.waiting++
	m.done[a.Op] = true
	closed := m.closed
	m.mu.Unlock()
	fails, err := m.do(ctx, a)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.waiting--
	m.judge(a, closed && fails, err)
}

// judge checks the error of a call.
func (m *model) judge(a *act, refused bool, err error) {
	var gaveUp *patienceError
	var panicked *query.PanicError
	switch {
	case refused && !errors.Is(err, query.ErrClosed):
		m.violated("%s after Close: %v", a.Op, err)
	case err == nil:
	case errors.Is(err, query.ErrCancelled):
		if !m.any(cancelling...) {
			m.violated("%s was cancelled, by nobody", a.Op)
		}
	case errors.Is(err, query.ErrClosed):
		if !m.closing {
			m.violated("%s of an open client: %v", a.Op, err)
		}
	case errors.As(err, &gaveUp):
		if gaveUp.caller != a {
			m.violated("%s has the outcome of another caller's context", a.Op)
		}
	case !errors.Is(err, errFailed) && !errors.As(err, &panicked) && m.life.Err() == nil:
		m.violated("%s: %v", a.Op, err)
	}
}

// What cancels a fetch, and what replaces one by another.
var (
	cancelling = []string{"Cancel", "Reset", "Remove", "Clear", "Observe", "Stop", "SetQuery", "Watch", "Close"}
	replacing  = []string{"Invalidate", "Refetch", "Observer.Refetch", "Mutate"}
)

// any reports whether one of the operations has been used.
func (m *model) any(ops ...string) bool {
	return slices.ContainsFunc(ops, func(op string) bool { return m.done[op] })
}

// do makes the call. It reports whether the call fails once the client is closed.
func (m *model) do(ctx context.Context, a *act) (fails bool, err error) {
	switch a.Op {
	case "Fetch", "Ensure", "Revalidate":
		get := map[string]func(context.Context, *query.Client, query.Query[datum]) (datum, error){
			"Fetch": query.Fetch[datum], "Ensure": query.Ensure[datum], "Revalidate": query.Revalidate[datum],
		}[a.Op]
		d, err := get(ctx, m.c, m.query(a))
		if err == nil {
			m.mustBeMade(a.Op, a.Key%keys, d)
		}
		return true, err
	case "Get":
		if d, ok := query.Get(m.c, m.query(a)); ok {
			m.mustBeMade(a.Op, a.Key%keys, d)
		}
		return false, nil
	case "Set", "Update", "UpdateAll", "UpdateLedger":
		return true, m.write(a)
	case "Invalidate":
		return true, m.c.Invalidate(ctx, m.filter(a))
	case "Refetch":
		return true, m.c.Refetch(ctx, m.filter(a))
	case "Cancel":
		return true, m.c.Cancel(ctx, m.filter(a))
	case "Reset":
		return true, m.c.Reset(ctx, m.filter(a))
	case "Remove":
		m.c.Remove(m.filter(a))
	case "SetQueryDefaults":
		return false, m.c.SetQueryDefaults(m.filter(a).Key, query.Defaults{Policy: query.Policy{StaleTime: a.Policy.StaleTime, Retry: a.Policy.Retry}})
	case "Mutate":
		return true, m.mutate(ctx, a)
	case "Close":
		return false, m.close(ctx)
	case "focus", "blur":
		m.c.Focus().Set(a.Op == "focus")
	case "online", "offline":
		m.c.Online().Set(a.Op == "online")
	default:
		return m.doMore(ctx, a)
	}
	return false, nil
}

// doMore is do for what the model itself has to remember.
func (m *model) doMore(ctx context.Context, a *act) (fails bool, err error) {
	switch a.Op {
	case "Clear":
		m.c.Clear()
	case "Mount":
		m.c.Mount()
	case "Unmount":
		m.c.Unmount()
		m.mu.Lock()
		defer m.mu.Unlock()
		m.unmounts++
	case "Observe":
		m.leave(m.reseat(a))
	case "Subscribe":
		m.subscribe(m.sit(a))
	case "Stop":
		m.leave(m.sit(a))
	case "SetQuery":
		return true, query.SetQuery(m.sit(a), m.query(a))
	case "Observer.Refetch":
		r, err := m.sit(a).Refetch(ctx, a.Refetch)
		m.mustShowMade(r)
		return true, err
	case "Watch":
		m.watch(ctx, a)
	}
	return false, nil
}

func (m *model) close(ctx context.Context) error {
	m.mu.Lock()
	m.closing = true
	m.mu.Unlock()
	err := m.c.Close(ctx)
	m.mu.Lock()
	defer m.mu.Unlock()
	if err == nil {
		m.closed = true
		if len(m.running) > 0 {
			m.violated("Close returned and %d functions still run", len(m.running))
		}
	}
	return err
}

func (m *model) write(a *act) error {
	k := a.Key % keys
	var err error
	switch a.Op {
	case "Set":
		err = query.Set(m.c, m.query(a), m.make(k))
	case "Update":
		err = query.Update(m.c, m.query(a), func(datum, bool) (datum, bool) { m.dawdle(a); return m.make(k), true })
	case "UpdateAll":
		return query.UpdateAll(m.c, m.filter(a), func(old datum, ok bool) (datum, bool) { m.dawdle(a); return m.make(old.Key), ok })
	case "UpdateLedger":
		err = query.Update(m.c, ledger, func(old datum, ok bool) (datum, bool) { m.dawdle(a); old.Marks++; return old, ok })
		if err == nil {
			m.mark()
		}
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err == nil {
		m.writes[k]++
	}
	return err
}

func (m *model) mark() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.marks++
}

// mutate leaves a mark on one of the data and on the ledger.
func (m *model) mutate(ctx context.Context, a *act) error {
	m.mu.Lock()
	ch := &changing{number: len(m.mutations) + 1, key: a.Key % keys, scope: a.Scope}
	m.mutations[ch.number] = ch
	m.mu.Unlock()
	behave := a.Behave
	if behave.Ends == endsNever {
		behave.Ends = endsWell // or it and its scope would be pending to the end
	}
	mark := func(d datum, ok bool) (datum, bool) { m.dawdle(a); d.Marks++; return d, ok }
	_, err := query.Mutate(ctx, m.c, query.Mutation[int, int]{
		Scope:  a.Scope,
		Policy: query.MutationPolicy{Retry: a.Policy.Retry, RetryDelay: a.Policy.RetryDelay, NetworkMode: a.Policy.NetworkMode},
		Do:     func(ctx context.Context, _ int) (int, error) { return 0, m.change(ctx, ch, behave) },
		Optimistic: func(tx *query.Tx, _ int) {
			query.Patch(tx, ledger, mark)
			query.Patch(tx, query.Query[datum]{Key: dataKey(ch.key)}, mark)
		},
		Invalidates: func(int) []query.Filter { return []query.Filter{m.filter(a)} },
	}, ch.number)
	return err
}

// ---- what the client calls ----

// make makes data that were not there before.
func (m *model) make(k int) datum {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lastN++
	d := datum{Key: k, N: m.lastN}
	m.made[d] = true
	return d
}

func (m *model) fetching(k int, b behaviour) func(context.Context) (datum, error) {
	return func(ctx context.Context) (datum, error) {
		defer m.runs(ctx, k)()
		if err := b.run(ctx); err != nil {
			return datum{}, err
		}
		return m.make(k), nil
	}
}

func (m *model) change(ctx context.Context, ch *changing, b behaviour) error {
	defer m.runs(ctx, -1)()
	m.begins(ch)
	if err := b.run(ctx); err != nil {
		return err
	}
	m.mark()
	return nil
}

func (b behaviour) run(ctx context.Context) error {
	switch {
	case b.Ends == endsNever && b.Looks:
		<-ctx.Done()
	case b.Looks:
		select {
		case <-ctx.Done():
		case <-time.After(b.Takes):
		}
	default:
		time.Sleep(b.Takes)
	}
	switch {
	case b.Looks && ctx.Err() != nil:
		return context.Cause(ctx)
	case b.Ends == endsFailing:
		return errFailed
	case b.Ends == endsPanicking:
		panic(errFailed)
	}
	return nil
}

// runs notes a run until it ends. To ask a fetch function's context whether it is
// done would make it a function that can be cancelled, so the context inside it is
// kept.
func (m *model) runs(ctx context.Context, k int) (end func()) {
	if k >= 0 {
		ctx = reflect.ValueOf(ctx).Elem().FieldByName("Context").Interface().(context.Context)
	}
	r := &running{k, ctx}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.running = append(m.running, r)
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if ctx.Err() != nil && !m.closing && !m.any(cancelling...) && !m.any(replacing...) {
			m.violated("a run for %d was cancelled, by nobody", k)
		}
		m.running = slices.DeleteFunc(m.running, func(x *running) bool { return x == r })
	}
}

func (m *model) onFetch() query.FetchCallbacks {
	tell := func(list *[keys]int) func(s query.State[any]) {
		return func(s query.State[any]) {
			m.mu.Lock()
			defer m.mu.Unlock()
			list[s.Key().Part(1).(int64)]++
		}
	}
	failed := tell(&m.failures)
	return query.FetchCallbacks{OnSuccess: tell(&m.successes), OnError: func(s query.State[any], _ error) { failed(s) }}
}

// numbered is OnMutate of all mutations.
func (m *model) numbered(_ context.Context, i query.MutationInfo) (any, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mutations[i.Variables.(int)].id = i.ID
	return i.ID, nil
}

// begins is called by each attempt of a mutation.
func (m *model) begins(ch *changing) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if ch.begun || ch.scope == "" || m.done["Clear"] {
		return
	}
	ch.begun = true
	for _, x := range m.mutations {
		if x != ch && x.scope == ch.scope && x.begun && !x.over {
			m.violated("mutations %d and %d of scope %s overlap", x.number, ch.number, ch.scope)
		}
	}
	if ch.id < m.lastOfScope[ch.scope] {
		m.violated("mutation %d of scope %s is out of order", ch.number, ch.scope)
	}
	m.lastOfScope[ch.scope] = ch.id
}

// settled is OnSettled of all mutations.
func (m *model) settled(_ context.Context, i query.MutationInfo, _ any, _ error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mutations[i.Variables.(int)].over = true
	return nil
}

// ---- observers ----

// sit returns the observer in a seat, and puts one there if there is none.
func (m *model) sit(a *act) *query.Observer[datum] {
	fresh := query.Observe(m.c, m.query(a))
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.seats[a.Seat] == nil {
		m.seats[a.Seat] = fresh
	}
	return m.seats[a.Seat]
}

// reseat puts a new observer into a seat and returns the old one.
func (m *model) reseat(a *act) *query.Observer[datum] {
	fresh := query.Observe(m.c, m.query(a))
	m.mu.Lock()
	defer m.mu.Unlock()
	old := m.seats[a.Seat]
	m.seats[a.Seat] = fresh
	return old
}

func (m *model) subscribe(o *query.Observer[datum]) {
	s := &subscription{o: o}
	stop := o.Subscribe(func(r query.Result[datum]) { m.hears(s, r) })
	m.mu.Lock()
	defer m.mu.Unlock()
	s.stop = stop
	m.subs = append(m.subs, s)
}

// leave ends all subscriptions of an observer.
func (m *model) leave(o *query.Observer[datum]) {
	m.mu.Lock()
	subs := slices.Clone(m.subs)
	m.mu.Unlock()
	for _, s := range subs {
		if s.o != o {
			continue
		}
		s.stop()
		m.mu.Lock()
		s.leaving = true
		m.mu.Unlock()
	}
}

// watch is a subscriber that gives up before long.
func (m *model) watch(ctx context.Context, a *act) {
	ctx, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
	defer cancel()
	o := query.Observe(m.c, m.query(a))
	s := &subscription{o: o}
	for r := range o.Results(ctx) {
		if !s.told {
			m.mu.Lock()
			m.subs = append(m.subs, s)
			m.mu.Unlock()
		}
		m.hears(s, r)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.subs = slices.DeleteFunc(m.subs, func(x *subscription) bool { return x == s })
}

// hears takes what a subscriber is told.
func (m *model) hears(s *subscription, r query.Result[datum]) {
	m.mustShowMade(r)
	m.mu.Lock()
	defer m.mu.Unlock()
	if s.stopped {
		m.violated("a subscriber of %s is called after it left", r.Key())
	}
	if before := s.last; m.calm && s.told && before.Key() == r.Key() {
		if r.DataUpdatedAt().Before(before.DataUpdatedAt()) || r.ErrorUpdateCount() < before.ErrorUpdateCount() {
			m.violated("results of %s go back", r.Key())
		}
	}
	s.last, s.told = r, true
}

func number(k querykey.Key) int { return int(k.Part(1).(int64)) }

func (m *model) mustShowMade(r query.Result[datum]) {
	if r.HasData() {
		m.mustBeMade("a result", number(r.Key()), r.Data())
	}
}

// mustBeMade checks that d was made, and for that key.
func (m *model) mustBeMade(by string, k int, d datum) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if d.Key != k || !m.made[d.unmarked()] {
		m.violated("%s of %d shows %+v", by, k, d)
	}
}

// ---- what must be true whenever everything has happened that can ----

func (m *model) check() {
	for pass(time.Microsecond); m.dawdlers.Load() > 0; {
		pass(time.Microsecond)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.subs {
		s.stopped = s.leaving
	}
	if m.closing {
		return
	}
	fetching := 0
	entries := map[querykey.Key]query.Entry{}
	for _, e := range m.c.Entries(query.Filter{}) {
		entries[e.State.Key()] = e
		if e.State.FetchStatus() == query.FetchFetching {
			fetching++
		}
	}
	if n := m.c.IsFetching(query.Filter{}); n != fetching {
		m.violated("IsFetching is %d, but %d entries fetch", n, fetching)
	}
	observed := map[querykey.Key][]*query.Observer[datum]{}
	for _, s := range m.subs {
		if k := s.o.Current().Key(); !s.leaving && !slices.Contains(observed[k], s.o) {
			observed[k] = append(observed[k], s.o)
		}
		m.checkDelivery(s)
	}
	for k := range keys {
		e, observers := entries[dataKey(k)], observed[dataKey(k)]
		m.checkFlight(k, e.State)
		m.checkObservers(k, e, observers)
		if m.calm {
			m.checkCounts(k, e.State)
		}
	}
	if !m.done["Clear"] && m.c.IsMutating(query.MutationFilter{}) == 0 {
		m.checkPatches(entries)
	}
}

// checkFlight: what fetches and does not wait for its next attempt has one run
// that is not cancelled; what does not fetch has none.
func (m *model) checkFlight(k int, s query.State[any]) {
	live, want := 0, 0
	for _, r := range m.running {
		if r.key == k && r.ctx.Err() == nil {
			live++
		}
	}
	if s.FetchStatus() == query.FetchFetching && !s.RetryAt().After(m.c.Now()) {
		want = 1
	}
	if live != want {
		m.violated("%d is %s and has %d runs", k, s.FetchStatus(), live)
	}
}

// checkObservers: entries know who observes them, and observers of an entry that
// rests show what it holds.
func (m *model) checkObservers(k int, e query.Entry, observers []*query.Observer[datum]) {
	if n := len(observers); e.Observers > n || e.Observers < n && !m.any("Remove", "Clear") {
		m.violated("%d has %d observers and knows of %d", k, n, e.Observers)
	}
	if e.Observers < len(observers) || e.State.FetchStatus() != query.FetchIdle {
		return // some keep an entry that was removed; who joined a fetch hears of its end
	}
	for _, o := range observers {
		r, s := o.Current(), e.State
		if s.HasData() && any(r.Data()) != s.Data() || r.HasData() != s.HasData() || r.Status() != s.Status() || r.IsFetching() ||
			r.Err() != s.Err() || !r.DataUpdatedAt().Equal(s.DataUpdatedAt()) || r.ErrorUpdateCount() != s.ErrorUpdateCount() { //nolint:errorlint // the very same
			m.violated("%d shows %s %+v, but holds %s %+v", k, r.Status(), r.Data(), s.Status(), s.Data())
		}
	}
}

// checkDelivery: the last result that a subscriber heard of is the present one.
func (m *model) checkDelivery(s *subscription) {
	if s.leaving {
		return
	}
	now := s.o.Current()
	if s.told && s.last != now || !s.told && s.checked && s.shown != now {
		m.violated("a subscriber of %s has not heard of the last result", now.Key())
	}
	s.shown, s.checked = now, true
}

// checkCounts: they count what has happened.
func (m *model) checkCounts(k int, s query.State[any]) {
	if n := m.successes[k] + m.writes[k]; s.DataUpdateCount() != n {
		m.violated("%d was updated %d times and counts %d", k, n, s.DataUpdateCount())
	}
	if n := m.failures[k]; s.ErrorUpdateCount() != n {
		m.violated("%d failed %d times and counts %d", k, n, s.ErrorUpdateCount())
	}
}

// checkPatches: without mutations what is shown is what would be saved, and what
// the mutations did to the ledger adds up.
func (m *model) checkPatches(entries map[querykey.Key]query.Entry) {
	all, err := m.c.Dehydrate(query.DehydrateOptions{Query: func(query.Entry) bool { return true }})
	if err != nil {
		m.violated("Dehydrate: %v", err)
		return
	}
	for _, q := range all.Queries {
		s := entries[q.Key].State
		var base datum
		if len(q.Data) > 0 && json.Unmarshal(q.Data, &base) != nil || s.HasData() != (len(q.Data) > 0) || s.HasData() && s.Data() != any(base) {
			m.violated("%s shows %+v over %s", q.Key, s.Data(), q.Data)
		}
	}
	if d, _ := query.Get(m.c, ledger); d.Marks != m.marks {
		m.violated("the ledger has %d marks instead of %d", d.Marks, m.marks)
	}
}

// ---- the end ----

// end brings the world in order, lets everything come to rest and closes.
func (m *model) end() {
	if !m.closing {
		for range m.unmounts {
			m.c.Mount()
		}
		m.c.Focus().Set(true)
		m.c.Online().Set(false)
		m.c.Online().Set(true)
		pass(time.Second)
		m.check()
		m.mu.Lock()
		m.done["Stop"] = true
		subs := slices.Clone(m.subs)
		m.mu.Unlock()
		for _, s := range subs {
			m.leave(s.o)
		}
		pass(20 * time.Minute)
		m.check()
		m.checkRest()
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	if err := m.close(ctx); err != nil {
		m.violated("Close: %v", err)
	}
	synctest.Wait()
	if m.waiting > 0 {
		m.violated("%d calls do not return", m.waiting)
	}
	for _, op := range []string{
		"Fetch", "Ensure", "Revalidate", "Set", "Update", "UpdateAll", "Invalidate", "Refetch", "Cancel", "Reset", "SetQuery", "Observer.Refetch", "Mutate",
	} {
		m.call(&act{Op: op})
	}
}

// checkRest: nothing waits any more, and what nobody needs is gone.
func (m *model) checkRest() {
	for _, e := range m.c.Entries(query.Filter{Key: key("data")}) {
		if e.State.FetchStatus() == query.FetchPaused {
			m.violated("%s is paused in spite of network and focus", e.State.Key())
		}
		if e.State.FetchStatus() == query.FetchIdle && !m.calm {
			m.violated("%s is not collected", e.State.Key())
		}
	}
	if n := m.c.IsMutating(query.MutationFilter{}); n > 0 && !m.done["Clear"] {
		m.violated("%d mutations are not settled", n)
	}
}
