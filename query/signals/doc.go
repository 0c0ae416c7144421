// Package signals tells clients whether the application is looked at and whether
// there is a network. A [Source] knows one of the two, and [Connect] makes a
// [query.Signal] follow it.
//
//	client, err := query.New(query.Config{})
//	…
//	defer signals.Connect(client.Online(), signals.Online{Clock: client}.Source)()
//	defer signals.Connect(client.Focus(), signals.HoldLoss(client, 100*time.Millisecond, window))()
//
// [Online] watches the network of the machine, [Manual] says what it is told, and
// [HoldLoss] and [All] are made of other sources. Other than that, a source is a
// function that begins to call another one.
//
// # Toolkits
//
// The examples have a source for each of these, to be copied:
//
// Fyne tells of the input focus of the whole application, on its main goroutine.
// Each hook has room for one function. Going from one window to another of the same
// program loses the focus for a moment, which [HoldLoss] covers. Stop the source
// when the application ends.
//
// Wails v2 tells nothing in Go; the page has to. Its events run on goroutines of
// their own and overtake each other, so they are numbered.
//
// Bubble Tea v2 sends FocusMsg and BlurMsg if the view sets ReportFocus; Update
// gives them to a [Manual]. A key that is pressed proves focus where the terminal
// does not report it. Send blocks when it is called from the loop or before it runs,
// so subscribers send by [Coalesce].
package signals
