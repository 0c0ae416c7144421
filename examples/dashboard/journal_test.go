package main

import (
	"strconv"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"
)

func TestJournal_keepsTheNewestAndCountsTheRest(t *testing.T) {
	t.Parallel()
	j := newJournal(clock.NewMock())
	for i := range maxUnread + 3 {
		j.add(entry{text: strconv.Itoa(i)})
	}
	<-j.news
	unread, lost := j.take()
	require.Len(t, unread, maxUnread)
	require.Equal(t, 3, lost)
	require.Equal(t, "3", unread[0].text)

	unread, lost = j.take()
	require.Empty(t, unread)
	require.Zero(t, lost)
}

func TestJournal_entriesStayOnOneLine(t *testing.T) {
	t.Parallel()
	j := newJournal(clock.NewMock())
	j.add(entry{text: "sold to Ada\n12:00:00.0  sales\x1b[2J"})
	unread, _ := j.take()
	require.Equal(t, "sold to Ada 12:00:00.0  sales [2J", unread[0].text)
}

func TestEntry_lineTellsTimePageWordsAndAge(t *testing.T) {
	t.Parallel()
	e := entry{at: time.Date(2025, 6, 1, 7, 8, 9, 450e6, time.Local), page: salesPage, text: "#1 sold"}
	require.Equal(t, "07:08:09.4  sales      #1 sold", e.String())
	e.replaced = 4990 * time.Millisecond
	require.Equal(t, "07:08:09.4  sales      #1 sold  (was 4.9s old)", e.String())
}
