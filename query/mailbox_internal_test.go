package query

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

func (m *mailbox[M]) send(v M) { m.c.update(func(*txn) { m.put(&v) }) }

func TestMailbox_keepsOnlyTheLatest(t *testing.T) {
	t.Parallel()
	c, err := New(Config{})
	require.NoError(t, err)
	m := newMailbox[int](c, nil)
	require.Nil(t, m.take())
	m.send(1)
	m.send(2)
	<-m.ready
	require.Equal(t, 2, *m.take())
	require.Nil(t, m.take())
	require.Empty(t, m.ready, "one token for all")
	require.NoError(t, c.Close(t.Context()))
}

func TestMailbox_endDropsWhatIsInIt(t *testing.T) {
	t.Parallel()
	c, err := New(Config{})
	require.NoError(t, err)
	m := newMailbox[int](c, nil)
	m.send(1)
	for range 2 {
		c.update(func(*txn) { m.end() })
	}
	<-m.quit
	require.Nil(t, m.take())
	m.send(2)
	require.Nil(t, m.take())
	require.NoError(t, c.Close(t.Context()))
}

func TestMailbox_callbackGetsTheLastMailOfManySenders(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, err := New(Config{})
		require.NoError(t, err)
		var got []int // one call at a time
		m := newMailbox(c, func(v *int) { got = append(got, *v) })
		next := 0
		var senders sync.WaitGroup
		for range 50 {
			senders.Go(func() {
				for range 20 {
					c.update(func(*txn) {
						next++
						n := next
						m.put(&n)
					})
				}
			})
		}
		senders.Wait()
		synctest.Wait()
		require.IsIncreasing(t, got)
		require.Equal(t, 1000, got[len(got)-1])
		require.NoError(t, c.Close(context.WithoutCancel(t.Context())))
	})
}
