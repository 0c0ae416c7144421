package query_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

// received is data of key("n") that another client got d ago.
func received(text string, d time.Duration) query.QuerySnapshot {
	return query.QuerySnapshot{Key: key("n"), Data: json.RawMessage(text), DataUpdatedAt: time.Now().Add(-d)}
}

func TestReceive_newerDataOfOthersAreStored(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("n"), Policy: query.Policy{Enabled: query.Off}}
		var actions []query.Action
		stop := c.SubscribeEvents(query.EventOptions{Kinds: []query.EventKind{query.EventUpdated}}, func(ev query.Event) {
			actions = append(actions, ev.Action)
		})
		defer stop()
		require.NoError(t, c.Receive(received("1", time.Hour), query.HydrateOptions{}), "nobody knows the key")
		require.Equal(t, 1, value(t, c, q))
		require.NoError(t, c.Receive(received("2", time.Minute), query.HydrateOptions{}), "it has a type")
		require.NoError(t, c.Receive(received("3", time.Minute), query.HydrateOptions{}), "as new as what is there")
		require.NoError(t, c.Receive(received("4", time.Hour), query.HydrateOptions{}), "older")
		require.Equal(t, 3, value(t, c, q))
		st, _ := c.State(q.Key)
		require.Equal(t, 3, st.DataUpdateCount())
		require.True(t, st.DataUpdatedAt().Equal(time.Now().Add(-time.Minute)))
		pass(0)
		require.NotContains(t, actions, query.ActionSuccess, "what came from others is not sent on")
		require.Contains(t, actions, query.ActionSetState)
	})
}

func TestReceive_whatDoesNotFitIsRefused(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("n")}
		require.NoError(t, query.Set(c, q, 1))
		require.ErrorContains(t, c.Receive(received(`"x"`, 0), query.HydrateOptions{}), "cannot unmarshal string")
		require.ErrorContains(t, c.Receive(received(`{`, 0), query.HydrateOptions{}), "malformed data")
		require.ErrorContains(t, c.Receive(received(``, 0), query.HydrateOptions{}), "without data")
		require.Equal(t, 1, value(t, c, q))
	})
}

func TestReceive_cancellingAFetchKeepsWhatWasReceived(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("n"), Fetch: func(ctx context.Context) (int, error) {
			<-ctx.Done()
			return 0, context.Cause(ctx)
		}}
		require.NoError(t, query.Set(c, q, 1))
		defer query.Observe(c, q).Subscribe(ignore)()
		pass(time.Second)
		st, _ := c.State(q.Key)
		require.Equal(t, query.FetchFetching, st.FetchStatus())
		require.NoError(t, c.Receive(received("2", 0), query.HydrateOptions{}))
		st, _ = c.State(q.Key)
		require.Equal(t, query.FetchFetching, st.FetchStatus(), "the fetch goes on")
		require.NoError(t, c.Cancel(t.Context(), query.Filter{}))
		require.Equal(t, 2, value(t, c, q))
	})
}

func TestReceive_closedClient(t *testing.T) {
	t.Parallel()
	c, err := query.New(query.Config{})
	require.NoError(t, err)
	require.NoError(t, c.Close(t.Context()))
	require.ErrorIs(t, c.Receive(received("1", 0), query.HydrateOptions{}), query.ErrClosed)
}

func TestDehydrateEntry_isTheEntryAsItWas(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := query.Query[int]{Key: key("n")}
		require.NoError(t, query.Set(c, q, 1))
		e := c.Entries(query.Filter{})[0]
		require.NoError(t, query.Set(c, q, 2))
		s, err := c.DehydrateEntry(e)
		require.NoError(t, err)
		require.JSONEq(t, "1", string(s.Data))
		require.Equal(t, q.Key, s.Key)
		require.Equal(t, 1, s.DataUpdateCount)
	})
}
