package main

import (
	"charm.land/lipgloss/v2"

	"github.com/freshet-go/freshet/seller"
)

// The styles use the terminal's own sixteen colours, so that they fit any theme.

func plain() lipgloss.Style  { return lipgloss.NewStyle() }
func bold() lipgloss.Style   { return plain().Bold(true) }
func dim() lipgloss.Style    { return plain().Foreground(lipgloss.BrightBlack) }
func good() lipgloss.Style   { return plain().Foreground(lipgloss.Green) }
func busy() lipgloss.Style   { return plain().Foreground(lipgloss.Cyan) }
func warn() lipgloss.Style   { return plain().Foreground(lipgloss.Yellow) }
func bad() lipgloss.Style    { return plain().Foreground(lipgloss.Red) }
func marked() lipgloss.Style { return plain().Reverse(true) }

// moodStyle is the colour of a mood and the sign that tells it without colour.
func moodStyle(m mood) (lipgloss.Style, string) {
	switch m {
	case live:
		return good(), "●"
	case loading, refreshing:
		return busy(), "○"
	case retrying:
		return warn(), "!"
	case paused:
		return warn(), "="
	case failed:
		return bad(), "x"
	default:
		return dim(), "·"
	}
}

func statusStyle(s seller.OrderStatus) lipgloss.Style {
	switch s {
	case seller.OrderPending:
		return warn()
	case seller.OrderCancelled:
		return bad()
	case seller.OrderCompleted, seller.OrderDelivered:
		return good()
	default:
		return busy()
	}
}

func payoutStyle(s seller.PayoutStatus) lipgloss.Style {
	switch s {
	case seller.PayoutPaid:
		return good()
	case seller.PayoutFailed, seller.PayoutCancelled:
		return bad()
	default:
		return busy()
	}
}
