package main

import (
	"context"

	tea "charm.land/bubbletea/v2"
)

// showScreen runs the terminal UI until the user quits or ctx is done.
func showScreen(ctx context.Context, s *session, o options, c console) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends commands that still wait
	settings := []tea.ProgramOption{
		tea.WithInput(c.in), tea.WithOutput(c.out), tea.WithEnvironment(c.environ),
		tea.WithoutSignalHandler(), // ctx ends by signals, too
	}
	if c.width > 0 {
		settings = append(settings, tea.WithWindowSize(c.width, c.height))
	}
	_, err := tea.NewProgram(newModel(ctx, s, o.page), settings...).Run()
	return err
}

// The messages of the terminal UI, besides those of the terminal.
type (
	newsMsg  struct{}          // the journal has something, or results have changed
	clockMsg struct{}          // ages and countdowns have moved on
	doneMsg  struct{ outcome } // a change at the server came to its end
)

// waitForNews returns when there is something new, or quits when ctx is done.
func waitForNews(ctx context.Context, j *journal) tea.Cmd {
	return func() tea.Msg {
		select {
		case <-j.news:
			return newsMsg{}
		case <-ctx.Done():
			return tea.Quit()
		}
	}
}
