package signals_test

import (
	"fmt"
	"sync"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/signals"
)

// EventsOn is runtime.EventsOn of Wails, for the context given to OnStartup:
//
//	func(event string, f func(...any)) func() { return runtime.EventsOn(ctx, event, f) }
type EventsOn func(event string, f func(data ...any)) (stop func())

// WailsFocus is a source that hears from the page, which says:
//
//	let seq = 0;
//	const tell = () => runtime.EventsEmit('focus',
//	  {seq: ++seq, focused: document.hasFocus() && document.visibilityState === 'visible'});
//	for (const e of ['focus', 'blur']) addEventListener(e, tell);
//	document.addEventListener('visibilitychange', tell);
//	tell();
//
// Each event comes on a goroutine of its own, so one may overtake another: what is
// older than the last is dropped. A page that is loaded again begins with 1.
func WailsFocus(on EventsOn) signals.Source {
	return func(set func(bool)) (stop func()) {
		var mu sync.Mutex // also keeps set in order
		var last float64
		return on("focus", func(data ...any) {
			if len(data) != 1 {
				return
			}
			report, _ := data[0].(map[string]any)
			seq, _ := report["seq"].(float64)
			focused, ok := report["focused"].(bool)
			mu.Lock()
			defer mu.Unlock()
			if ok && (seq == 1 || seq > last) {
				last = seq
				set(focused)
			}
		})
	}
}

// A source for the focus of a Wails v2 window, which only its page knows.
func Example_wails() {
	var emit func(data ...any)
	events := func(_ string, f func(data ...any)) (stop func()) {
		emit = f
		return func() {}
	}
	focus := query.NewSignal(true)
	stop := signals.Connect(focus, WailsFocus(events))
	defer stop()

	emit(map[string]any{"seq": 1.0, "focused": true})
	emit(map[string]any{"seq": 3.0, "focused": false})
	emit(map[string]any{"seq": 2.0, "focused": true}) // was overtaken
	fmt.Println(focus.Get())
	// Output: false
}
