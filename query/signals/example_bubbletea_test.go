package signals_test

import (
	"fmt"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/signals"
)

// The messages of Bubble Tea v2 that tell of focus: tea.FocusMsg and so on.
type (
	FocusMsg    struct{}
	BlurMsg     struct{}
	KeyPressMsg struct{}
	SuspendMsg  struct{}
	ResumeMsg   struct{}
)

// Model is one of Bubble Tea. Its View returns a tea.View with ReportFocus set.
type Model struct{ focus *signals.Manual }

// Update is the part of Model.Update that is about focus. Who presses keys has it,
// whatever the terminal reports.
func (m Model) Update(msg any) {
	switch msg.(type) {
	case FocusMsg, KeyPressMsg, ResumeMsg:
		m.focus.Set(true)
	case BlurMsg, SuspendMsg:
		m.focus.Set(false)
	}
}

// Focus in a Bubble Tea program, whose Update hears of it. To show what changes, a
// subscriber pokes a Coalesce that calls Program.Send, which may block.
func Example_bubbletea() {
	focus := query.NewSignal(true)
	m := Model{focus: new(signals.Manual)}
	stop := signals.Connect(focus, m.focus.Source)
	defer stop()

	m.Update(BlurMsg{})
	fmt.Println(focus.Get())
	m.Update(KeyPressMsg{})
	fmt.Println(focus.Get())
	// Output:
	// false
	// true
}
