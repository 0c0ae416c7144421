package bus_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/bus"
	"github.com/freshet-go/freshet/querykey"
)

// updated is a message about order 1 that arrives from another process.
func updated(at time.Time, data string) string {
	return fmt.Sprintf(`{"v":1,"from":"wire","kind":"updated","key":["order","1"],"at":%q,"data":%s}`,
		at.Format(time.RFC3339Nano), data)
}

func TestReceive_olderDataDoNotOverwriteNewer(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		hub := new(bus.Local)
		a, w := attach(t, hub, bus.Options{}), tap(t, hub)
		a.set(t, "1", 1)
		w.say(t, updated(time.Now().Add(-time.Nanosecond), `{"Total":2}`))
		require.Equal(t, 1, a.total("1"))
		w.say(t, updated(time.Now(), `{"Total":3}`))
		require.Equal(t, 3, a.total("1"))
		w.say(t, updated(time.Now().Add(time.Second), `{"Total":4}`))
		require.Equal(t, 4, a.total("1"), "clocks differ a little")
		require.Empty(t, a.errs.all())
	})
}

func TestReceive_timesFarAheadCountAsNow(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		hub := new(bus.Local)
		a, w := attach(t, hub, bus.Options{}), tap(t, hub)
		w.say(t, updated(time.Now().AddDate(1000, 0, 0), `{"Total":2}`))
		require.Equal(t, 2, a.total("1"))
		st, _ := a.State(orderQuery("1").Key)
		require.True(t, st.DataUpdatedAt().Equal(time.Now()))
		aSecondLater()
		w.say(t, updated(time.Now(), `{"Total":3}`))
		require.Equal(t, 3, a.total("1"))
	})
}

func TestReceive_removalSparesNewerData(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		hub := new(bus.Local)
		a, w := attach(t, hub, bus.Options{}), tap(t, hub)
		removed := `{"v":1,"from":"wire","kind":"removed","key":["order","1"],"at":` + "%q}"
		a.set(t, "1", 1)
		w.say(t, fmt.Sprintf(removed, time.Now().Add(-time.Second).Format(time.RFC3339Nano)))
		require.Equal(t, 1, a.total("1"))
		w.say(t, fmt.Sprintf(removed, time.Now().Format(time.RFC3339Nano)))
		require.Equal(t, -1, a.total("1"))
		w.say(t, fmt.Sprintf(removed, time.Now().Format(time.RFC3339Nano)))
		require.Empty(t, a.errs.all(), "what is not there need not be removed")
	})
}

func TestReceive_dataOfAnotherTypeAreRefused(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		hub := new(bus.Local)
		a, w := attach(t, hub, bus.Options{}), tap(t, hub)
		a.set(t, "1", 1)
		aSecondLater()
		w.say(t, updated(time.Now(), `"a secret"`))
		require.Equal(t, 1, a.total("1"), "what is there stays")
		require.Len(t, a.errs.all(), 1)
		err := a.errs.all()[0]
		require.Equal(t, bus.OpReceive, err.Op)
		require.Equal(t, bus.Updated, err.Kind)
		require.ErrorContains(t, err, "cannot unmarshal string")
		require.NotContains(t, err.Error(), "secret")
	})
}

func TestReceive_hostileMessagesAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"no JSON":         {"garbage", bus.ErrMalformed},
		"nothing":         {"", bus.ErrMalformed},
		"a list":          {"[]", bus.ErrMalformed},
		"another version": {`{"v":2,"key":7}`, bus.ErrVersion},
		"no version":      {`{}`, bus.ErrVersion},
		"key is no list":  {`{"v":1,"from":"x","key":7}`, bus.ErrMalformed},
		"no sender":       {`{"v":1,"kind":"updated","key":["order","1"],"at":"2000-01-01T00:00:00Z","data":1}`, bus.ErrMalformed},
		"no key":          {`{"v":1,"from":"x","kind":"removed","at":"2100-01-01T00:00:00Z"}`, bus.ErrMalformed},
		"empty key":       {`{"v":1,"from":"x","kind":"removed","key":[],"at":"2100-01-01T00:00:00Z"}`, bus.ErrMalformed},
		"unknown kind":    {`{"v":1,"from":"x","kind":"clear","key":["order"],"at":"2000-01-01T00:00:00Z","data":1}`, bus.ErrMalformed},
		"no data":         {`{"v":1,"from":"x","kind":"updated","key":["order","1"],"at":"2000-01-01T00:00:00Z"}`, bus.ErrMalformed},
		"no time":         {`{"v":1,"from":"x","kind":"updated","key":["order","1"],"data":1}`, bus.ErrMalformed},
		"bad time":        {`{"v":1,"from":"x","kind":"updated","key":["order","1"],"at":"soon","data":1}`, bus.ErrMalformed},
		"too large":       {updated(time.Unix(0, 0), `"`+string(make([]byte, 1000))+`"`), bus.ErrTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T) {
				hub := new(bus.Local)
				a, w := attach(t, hub, bus.Options{MaxMessage: 900}), tap(t, hub)
				a.set(t, "1", 1)
				w.say(t, c.text)
				require.Equal(t, 1, a.total("1"))
				require.Len(t, a.Entries(query.Filter{}), 1)
				require.Len(t, a.errs.all(), 1)
				require.ErrorIs(t, a.errs.all()[0], c.want)
			})
		})
	}
}

func TestReceive_membersOfLaterVersionsAreIgnored(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		hub := new(bus.Local)
		a, w := attach(t, hub, bus.Options{}), tap(t, hub)
		w.say(t, `{"v":1,"from":"wire","kind":"added","key":["nil"],"data":null,"colour":"red"}`)
		synctest.Wait()
		v, ok := query.Get(a.Client, query.Query[*int]{Key: querykey.Of("nil")})
		require.True(t, ok, "nil is data")
		require.Nil(t, v)
		require.Empty(t, a.errs.all())
	})
}

func TestReceive_infiniteListsKeepTheirPages(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		hub := new(bus.Local)
		a, b := attach(t, hub, bus.Options{}), attach(t, hub, bus.Options{})
		list := query.InfiniteQuery[string, int]{
			Key: querykey.Of("list"),
			Fetch: func(_ context.Context, p query.PageRequest[int]) (string, error) {
				return fmt.Sprint("page ", p.Param), nil
			},
			NextPageParam: func(_ string, all query.Pages[string, int]) (int, bool) { return len(all.Pages), true },
			Pages:         2,
			Policy:        query.Policy{StaleTime: query.StaleNever()},
		}.Query()
		_, err := query.Fetch(t.Context(), a.Client, list)
		require.NoError(t, err)
		synctest.Wait()
		require.True(t, b.Entries(query.Filter{})[0].Infinite)
		pages, err := query.Fetch(t.Context(), b.Client, list)
		require.NoError(t, err)
		require.Equal(t, []string{"page 0", "page 1"}, pages.Pages)
		require.Equal(t, []int{0, 1}, pages.PageParams)
	})
}

func FuzzReceive(f *testing.F) {
	f.Add([]byte(updated(time.Unix(1, 0), `{"Total":2}`)))
	f.Add([]byte(updated(time.Unix(1<<40, 0), `[[[[[[]]]]]]`)))
	f.Add([]byte(`{"v":1,"from":"x","kind":"removed","key":["order","1"],"at":"2100-01-01T00:00:00Z"}`))
	f.Add([]byte(`{"v":1,"from":"x","kind":"added","key":[{"a":1}],"infinite":true,"data":{"pages":null}}`))
	f.Add([]byte(`{"v":2}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := query.New(query.Config{})
		require.NoError(t, err)
		require.NoError(t, query.Set(c, orderQuery("kept"), order{"kept", 1}))
		hub, reported := new(bus.Local), 0
		at, err := bus.Attach(t.Context(), c, hub, bus.Options{OnError: func(*bus.Error) { reported++ }})
		require.NoError(t, err)
		require.NoError(t, hub.Publish(t.Context(), text))
		if reported > 0 {
			require.Len(t, c.Entries(query.Filter{}), 1, "what is refused changes nothing")
			v, ok := query.Get(c, orderQuery("kept"))
			require.True(t, ok)
			require.Equal(t, order{"kept", 1}, v)
		}
		require.LessOrEqual(t, len(c.Entries(query.Filter{})), 2)
		require.NoError(t, at.Close(t.Context()))
		require.NoError(t, c.Close(t.Context()))
	})
}
