package signals_test

import (
	"fmt"
	"time"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/signals"
)

// Lifecycle is the part of fyne.Lifecycle that tells of focus.
type Lifecycle interface {
	SetOnEnteredForeground(f func())
	SetOnExitedForeground(f func())
}

// FyneFocus is a source for app.Lifecycle(). It takes the hooks for itself.
func FyneFocus(l Lifecycle) signals.Source {
	return func(set func(bool)) (stop func()) {
		l.SetOnEnteredForeground(func() { set(true) })
		l.SetOnExitedForeground(func() { set(false) })
		return func() {
			l.SetOnEnteredForeground(nil)
			l.SetOnExitedForeground(nil)
		}
	}
}

// lifecycle stands for that of an application.
type lifecycle struct{ entered, exited func() }

func (l *lifecycle) SetOnEnteredForeground(f func()) { l.entered = f }
func (l *lifecycle) SetOnExitedForeground(f func())  { l.exited = f }

// A source for the focus of a Fyne application. The hooks belong to the whole
// application, so going from one window to another exits and enters at once; give
// the source to HoldLoss. Its stop belongs into SetOnStopped, or after Run.
func Example_fyne() {
	focus := query.NewSignal(true) // Config.Focus, or Client.Focus
	app := new(lifecycle)          // app.Lifecycle()
	stop := signals.Connect(focus, signals.HoldLoss(nil, 100*time.Millisecond, FyneFocus(app)))
	defer focus.Subscribe(func(v bool) { fmt.Println("focus:", v) })()

	app.exited()
	app.entered() // another window

	stop()
	fmt.Println(focus.Get())
	// Output: true
}
