package signals

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// fake is a network under the control of a test.
type fake struct {
	t       *testing.T
	changes chan struct{}
	answers chan bool // of probe

	mu        sync.Mutex
	isUp      bool
	looks     int
	heard     []bool
	probes    int
	calledOff int // probes whose context ended
	ended     int
}

// observe runs f in a bubble, with a source that watches a fake network, which is up.
func observe(t *testing.T, o Online, f func(n *fake, stop func())) {
	t.Helper()
	observeBy(t, func(*fake) Online { return o }, f)
}

func observeBy(t *testing.T, online func(n *fake) Online, f func(n *fake, stop func())) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := &fake{t: t, changes: make(chan struct{}, 1), answers: make(chan bool), isUp: true}
		stop := online(n).watch(network{up: n.look, changes: n.listen}, n.set)
		f(n, stop)
		stop()
		n.expect()
		require.Positive(t, n.ended)
	})
}

func (n *fake) look() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.looks++
	return n.isUp
}

func (n *fake) listen() (c <-chan struct{}, end func()) {
	return n.changes, func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.ended++
	}
}

func (n *fake) set(v bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.heard = append(n.heard, v)
}

// become changes the network, quietly.
func (n *fake) become(up bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.isUp = up
}

// change changes it and tells.
func (n *fake) change(up bool) {
	n.become(up)
	select {
	case n.changes <- struct{}{}:
	default:
	}
}

// expect holds what was said since the last call to want.
func (n *fake) expect(want ...bool) {
	n.t.Helper()
	synctest.Wait()
	n.mu.Lock()
	defer n.mu.Unlock()
	require.Equal(n.t, want, n.heard)
	n.heard = nil
}

func TestOnline_saysAtOnceWhatTheNetworkIsLike(t *testing.T) {
	observe(t, Online{}, func(n *fake, _ func()) { n.expect(true) })
}

func TestOnline_looksOnceACrowdOfChangesHasSettled(t *testing.T) {
	observe(t, Online{}, func(n *fake, _ func()) {
		n.expect(true)
		n.change(false)
		for range 4 {
			time.Sleep(defaultSettle / 5)
			n.change(false)
		}
		n.expect()
		time.Sleep(defaultSettle / 5)
		n.expect(false)
		n.change(true)
		time.Sleep(defaultSettle - time.Nanosecond)
		n.expect()
		time.Sleep(time.Nanosecond)
		n.expect(true)
	})
}

// A network that never settles is looked at all the same.
func TestOnline_looksWhileTheNetworkGoesOnChanging(t *testing.T) {
	observe(t, Online{Settle: time.Second, Poll: time.Hour}, func(n *fake, _ func()) {
		n.expect(true)
		for i := range 100 {
			n.change(i%2 == 0)
			time.Sleep(100 * time.Millisecond)
		}
		synctest.Wait()
		require.InDelta(t, 10, n.looks, 1)
		n.mu.Lock()
		n.heard = nil
		n.mu.Unlock()
	})
}

func TestOnline_pollsWhatNobodyTells(t *testing.T) {
	observe(t, Online{}, func(n *fake, _ func()) {
		n.expect(true)
		n.become(false)
		time.Sleep(defaultPoll - time.Nanosecond)
		n.expect()
		time.Sleep(time.Nanosecond)
		n.expect(false)
		n.become(true)
		time.Sleep(defaultPoll)
		n.expect(true)
	})
}

func TestOnline_pollsAtTheIntervalGiven(t *testing.T) {
	observe(t, Online{Poll: time.Minute}, func(n *fake, _ func()) {
		n.expect(true)
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Equal(t, 61, n.looks)
		n.expect(slices.Repeat([]bool{true}, 60)...)
	})
}

func TestOnline_pollsOnWhenNobodyTellsOfChangesAnyMore(t *testing.T) {
	observe(t, Online{}, func(n *fake, _ func()) {
		n.expect(true)
		n.become(false)
		close(n.changes)
		time.Sleep(defaultSettle)
		n.expect(false)
		time.Sleep(defaultPoll - time.Nanosecond)
		n.expect()
		time.Sleep(time.Nanosecond)
		n.expect(false)
	})
}

func TestOnline_nothingIsSaidAfterStop(t *testing.T) {
	for name, stopped := range map[string]func(n *fake){
		"while idle":     func(*fake) {},
		"while settling": func(n *fake) { n.change(false) },
	} {
		t.Run(name, func(t *testing.T) {
			observe(t, Online{}, func(n *fake, stop func()) {
				n.expect(true)
				stopped(n)
				synctest.Wait()
				stop()
				stop()
				n.change(false)
				time.Sleep(time.Hour)
				n.expect()
			})
		})
	}
}

func TestOnline_stopWaitsForWhatIsBeingSaid(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		n := &fake{t: t}
		stop := Online{}.watch(network{up: n.look, changes: n.listen}, func(v bool) {
			<-gate
			n.set(v)
		})
		synctest.Wait()
		stopped := make(chan struct{})
		go func() {
			stop()
			close(stopped)
		}()
		synctest.Wait()
		select {
		case <-stopped:
			require.Fail(t, "set still runs")
		default:
		}
		close(gate)
		<-stopped
		n.expect(false)
	})
}

// probing is a source that asks the test.
func probing(n *fake) Online { return Online{Probe: n.probe} }

// probe answers when the test says so, unless its context ends.
func (n *fake) probe(ctx context.Context) bool {
	n.mu.Lock()
	n.probes++
	n.mu.Unlock()
	select {
	case v := <-n.answers:
		return v
	case <-ctx.Done():
		n.mu.Lock()
		defer n.mu.Unlock()
		n.calledOff++
		return false
	}
}

func (n *fake) expectProbes(asked, calledOff int) {
	n.t.Helper()
	synctest.Wait()
	n.mu.Lock()
	defer n.mu.Unlock()
	require.Equal(n.t, []int{asked, calledOff}, []int{n.probes, n.calledOff}, "asked, called off")
}

func TestOnline_probeDecidesAboutANetworkThatIsThere(t *testing.T) {
	observeBy(t, probing, func(n *fake, _ func()) {
		n.expect()
		n.answers <- false
		n.expect(false)
		time.Sleep(defaultPoll)
		n.answers <- true
		n.expect(true)
		n.change(false)
		time.Sleep(defaultSettle)
		n.expect(false)
		n.expectProbes(2, 0) // without a network there is nothing to ask
	})
}

func TestOnline_probeOfANetworkThatHasChangedIsCalledOff(t *testing.T) {
	observeBy(t, probing, func(n *fake, _ func()) {
		n.expectProbes(1, 0)
		n.change(true)
		n.expectProbes(1, 1)
		n.expect()
		time.Sleep(defaultSettle)
		n.expectProbes(2, 1)
		n.answers <- true
		n.expect(true)
	})
}

func TestOnline_probeIsCalledOffByStop(t *testing.T) {
	observeBy(t, probing, func(n *fake, stop func()) {
		n.expectProbes(1, 0)
		stop()
		n.expectProbes(1, 1)
		n.expect()
	})
}

// sleeper is a clock whose timers stand still while its calendar moves.
type sleeper struct {
	Clock

	mu    sync.Mutex
	slept time.Duration
}

func (c *sleeper) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.Clock.Now().Add(c.slept)
}

func (c *sleeper) sleep(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.slept += d
}

func TestOnline_machineThatHasSleptWasOffline(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		slept time.Duration
		want  []bool
	}{
		"slept":             {asleep + 1, []bool{false, true}},
		"nodded":            {asleep, []bool{true}},
		"calendar put back": {-time.Hour, []bool{true}},
	} {
		t.Run(name, func(t *testing.T) {
			c := new(sleeper)
			onSleeper := func(*fake) Online {
				c.Clock = orSystem(nil)
				return Online{Clock: c}
			}
			observeBy(t, onSleeper, func(n *fake, _ func()) {
				n.expect(true)
				time.Sleep(defaultPoll / 2)
				c.sleep(tc.slept)
				time.Sleep(defaultPoll / 2)
				n.expect(tc.want...)
				time.Sleep(defaultPoll)
				n.expect(true)
			})
		})
	}
}

func TestConnected_inDoubtSaysYes(t *testing.T) {
	t.Parallel()
	const running = net.FlagUp | net.FlagRunning
	failure := errors.New("not allowed")
	loopback := net.Interface{Index: 1, Flags: running | net.FlagLoopback}
	wire := net.Interface{Index: 2, Flags: running}
	for name, tc := range map[string]struct {
		interfaces []net.Interface
		listErr    error
		addrs      []string // of every interface
		addrsErr   error
		want       bool
	}{
		"addresses":          {interfaces: []net.Interface{loopback, wire}, addrs: []string{"fe80::1/64", "192.0.2.1/24"}, want: true},
		"private addresses":  {interfaces: []net.Interface{wire}, addrs: []string{"10.0.0.1/8"}, want: true},
		"IPv6 alone":         {interfaces: []net.Interface{wire}, addrs: []string{"2001:db8::1/64"}, want: true},
		"link-local alone":   {interfaces: []net.Interface{wire}, addrs: []string{"fe80::1/64", "169.254.0.1/16"}},
		"no address":         {interfaces: []net.Interface{wire}},
		"loopback alone":     {interfaces: []net.Interface{loopback}, addrs: []string{"192.0.2.1/24"}},
		"down":               {interfaces: []net.Interface{{Flags: net.FlagRunning}}, addrs: []string{"192.0.2.1/24"}},
		"no carrier":         {interfaces: []net.Interface{{Flags: net.FlagUp}}, addrs: []string{"192.0.2.1/24"}},
		"hidden interfaces":  {want: true},
		"secret interfaces":  {listErr: failure, want: true},
		"secret addresses":   {interfaces: []net.Interface{wire}, addrsErr: failure, want: true},
		"secret on loopback": {interfaces: []net.Interface{loopback}, addrsErr: failure},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list := func() ([]net.Interface, error) { return tc.interfaces, tc.listErr }
			addrs := func(*net.Interface) ([]net.Addr, error) {
				list := []net.Addr{&net.TCPAddr{}} // something else
				for _, text := range tc.addrs {
					ip, n, err := net.ParseCIDR(text)
					require.NoError(t, err)
					list = append(list, &net.IPNet{IP: ip, Mask: n.Mask})
				}
				return list, tc.addrsErr
			}
			require.Equal(t, tc.want, connected(list, addrs))
		})
	}
}

// The machine may have a network or not; that it is asked can be seen all the same.
func TestOnline_watchesThisMachine(t *testing.T) {
	t.Parallel()
	want := connected(net.Interfaces, (*net.Interface).Addrs)
	said := make(chan bool, 1000)
	stop := Online{}.Source(func(v bool) { said <- v })
	require.Equal(t, want, <-said)
	stop()
	stop()
}
