package seller_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/trpc"
	"github.com/freshet-go/freshet/seller"
)

// outcome is how a mutation ended.
type outcome struct{ err error }

// start runs a mutation without waiting for it.
func start[V, R any](s *shop, m query.Mutation[V, R], v V) <-chan outcome {
	done := make(chan outcome, 1)
	go func() {
		_, err := query.Mutate(s.t.Context(), s.client, m, v)
		done <- outcome{err}
	}()
	s.advance(0)
	return done
}

// invalidated lists the keys that are marked stale.
func invalidated(s *shop) []string {
	keys := []string{}
	for _, e := range s.client.Entries(query.Filter{}) {
		if e.State.IsInvalidated() {
			keys = append(keys, e.State.Key().String())
		}
	}
	return keys
}

func confirming(id string) seller.ConfirmOrderInput { return seller.ConfirmOrderInput{OrderID: id} }

func cancelling(id string) seller.CancelOrderInput {
	return seller.CancelOrderInput{OrderID: id, Reason: "out of stock"}
}

func TestMutations_returnTheServersAnswer_S18(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, setup{})
		o, err := query.Mutate(t.Context(), s.client, s.ConfirmOrder(), confirming("ord_1"))
		require.NoError(t, err)
		require.Equal(t, seller.OrderConfirmed, o.Status)
		o, err = query.Mutate(t.Context(), s.client, s.CancelOrder(), cancelling("ord_1"))
		require.NoError(t, err)
		require.Equal(t, seller.OrderCancelled, o.Status)
		r, err := query.Mutate(t.Context(), s.client, s.SchedulePayout(), seller.SchedulePayoutInput{AmountCents: 700, Currency: "USD"})
		require.NoError(t, err)
		require.Equal(t, usd(49_300), r.Balance.Available)
		require.Contains(t, s.market.inputs("orderStatus.cancelOrder")[0], `"reason":"out of stock"`)
		require.Contains(t, s.market.inputs("finance.schedulePayout")[0], `"amountCents":700,"currency":"USD"`)
	})
}

func TestMutations_ofAnOrderInvalidateExactlyWhatItReaches_S19(t *testing.T) {
	t.Parallel()
	for name, mutate := range map[string]func(*shop) error{
		"ConfirmOrder": func(s *shop) error {
			_, err := query.Mutate(s.t.Context(), s.client, s.ConfirmOrder(), confirming("ord_1"))
			return err
		},
		"CancelOrder": func(s *shop) error {
			_, err := query.Mutate(s.t.Context(), s.client, s.CancelOrder(), cancelling("ord_1"))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := open(t, setup{})
				loadAll(s)
				require.NoError(t, mutate(s))
				k := s.Keys()
				require.ElementsMatch(t, []string{
					k.OrderByID("ord_1").String(), k.PendingOrders().String(),
					k.OrdersByStatus(seller.OrderPending).String(), k.OrdersByStatus(seller.OrderConfirmed).String(),
					k.OrderStats().String(), k.Sales(seller.SalesFilter{}).String(), k.Sales(seller.SalesFilter{Limit: 50}).String(),
					k.SaleByID("sale_1").String(), k.Dashboard().String(),
				}, invalidated(s))
			})
		})
	}
}

func TestSchedulePayout_invalidatesExactlyWhatItReaches_S19(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, setup{})
		loadAll(s)
		_, err := query.Mutate(t.Context(), s.client, s.SchedulePayout(), seller.SchedulePayoutInput{AmountCents: 1, Currency: "USD"})
		require.NoError(t, err)
		k := s.Keys()
		require.ElementsMatch(t, []string{
			k.PayoutStats().String(), k.PayoutHistory(seller.PayoutFilter{}).String(),
			k.PayoutHistoryPages(seller.PayoutFilter{}).String(), k.Dashboard().String(),
		}, invalidated(s))
	})
}

func TestMutations_refetchWhatIsOnScreenInOneRequest_S19(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, setup{})
		watch(s, s.PendingOrders())
		watch(s, s.OrderStats())
		watch(s, s.PayoutStats())
		s.advance(sec)
		_, err := query.Mutate(t.Context(), s.client, s.ConfirmOrder(), confirming("ord_1"))
		require.NoError(t, err)
		s.advance(sec)
		require.Equal(t, 3, s.requests(), "first load, mutation, refetch")
		require.Len(t, s.times("orderStatus.getPendingOrders"), 2)
		require.Len(t, s.times("orderStatus.getOrderStats"), 2)
		require.Len(t, s.times("finance.getPayoutStats"), 1)
	})
}

func TestMutations_ofOneOrderFollowEachOther_S21(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, setup{batch: trpc.BatchOff})
		s.market.latency = sec
		first := start(s, s.ConfirmOrder(), confirming("ord_1"))
		second := start(s, s.CancelOrder(), cancelling("ord_1"))
		other := start(s, s.CancelOrder(), cancelling("ord_2"))
		for _, done := range []<-chan outcome{first, second, other} {
			require.NoError(t, (<-done).err)
		}
		require.Equal(t, every(sec, 1)[1:], s.times("orderStatus.confirmOrder"))
		// An order of its own does not wait.
		require.Equal(t, every(sec, 2)[1:], s.times("orderStatus.cancelOrder"))
	})
}

func TestMutations_ofOneSellerDoNotWaitForAnother_S21(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, setup{batch: trpc.BatchOff})
		market := newMarket(seller.OrderPending)
		market.latency, s.market.latency = sec, sec
		other := s.second(market)
		first := start(s, s.ConfirmOrder(), confirming("ord_1"))
		second := start(s, other.ConfirmOrder(), confirming("ord_1"))
		require.NoError(t, (<-first).err)
		require.NoError(t, (<-second).err)
		require.Less(t, s.elapsed(), 2*sec)
	})
}

func TestPayouts_followEachOther_S21(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, setup{batch: trpc.BatchOff})
		s.market.latency = sec
		in := seller.SchedulePayoutInput{AmountCents: 100, Currency: "USD"}
		first, second := start(s, s.SchedulePayout(), in), start(s, s.SchedulePayout(), in)
		require.NoError(t, (<-first).err)
		require.NoError(t, (<-second).err)
		require.Equal(t, every(sec, 2)[1:], s.times("finance.schedulePayout"))
		require.Equal(t, usd(49_800), load(s, s.PayoutStats()).Available, "equal payouts are two payouts")
	})
}

func TestMutations_waitWhileOfflineAndRunOnceInOrder_S22(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, setup{batch: trpc.BatchOff})
		watch(s, s.PendingOrders())
		s.advance(sec)
		s.client.Online().Set(false)
		confirm := query.ObserveMutation(s.client, s.ConfirmOrder())
		s.t.Cleanup(confirm.Subscribe(func(query.MutationResult[seller.ConfirmOrderInput, seller.Order]) {}))
		require.NoError(t, confirm.Start(t.Context(), confirming("ord_1"),
			query.MutateCallbacks[seller.ConfirmOrderInput, seller.Order]{}))
		cancel := start(s, s.CancelOrder(), cancelling("ord_1"))
		payout := start(s, s.SchedulePayout(), seller.SchedulePayoutInput{AmountCents: 100, Currency: "USD"})
		s.advance(mins)
		require.True(t, confirm.Current().IsPaused())
		require.Zero(t, get(s, s.PendingOrders()).Total, "shown at once")
		require.Empty(t, s.market.inputs("orderStatus.confirmOrder"))

		s.client.Online().Set(true)
		require.NoError(t, (<-cancel).err)
		require.NoError(t, (<-payout).err)
		require.True(t, confirm.Current().IsSuccess(), "the cancellation waited for it")
		confirmed, cancelled := s.market.position("orderStatus.confirmOrder"), s.market.position("orderStatus.cancelOrder")
		require.Len(t, confirmed, 1)
		require.Len(t, cancelled, 1)
		require.Less(t, confirmed[0], cancelled[0])
		require.Len(t, s.market.position("finance.schedulePayout"), 1)
	})
}

// keysOf returns the idempotency keys that the procedure was called with.
func keysOf(s *shop, procedure string) []string {
	var keys []string
	for _, text := range s.market.inputs(procedure) {
		var in struct {
			IdempotencyKey string `json:"idempotencyKey"`
		}
		require.NoError(s.t, json.Unmarshal([]byte(text), &in))
		keys = append(keys, in.IdempotencyKey)
	}
	return keys
}

func TestMutations_answerLostIsAskedForAgainWithTheSameKey_S22(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]error{
		"connection broken": errors.New("connection reset"),
		"gateway":           badGatewayError{},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := open(t, setup{batch: trpc.BatchOff})
				s.market.setFail(failing(lost))
				payout := start(s, s.SchedulePayout(), seller.SchedulePayoutInput{AmountCents: 100, Currency: "USD"})
				s.advance(2 * sec)
				s.market.setFail(nil)
				require.NoError(t, (<-payout).err)
				require.Equal(t, []string{"0s", "1s", "3s"}, texts(s.times("finance.schedulePayout")))
				keys := keysOf(s, "finance.schedulePayout")
				require.Len(t, keys[0], 26)
				require.Equal(t, []string{keys[0], keys[0], keys[0]}, keys)
			})
		})
	}
}

func texts[T interface{ String() string }](list []T) []string {
	var out []string
	for _, x := range list {
		out = append(out, x.String())
	}
	return out
}

func TestMutations_giveUpAfterThreeRetries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, setup{batch: trpc.BatchOff})
		s.market.setFail(failing(errors.New("connection reset")))
		_, err := query.Mutate(t.Context(), s.client, s.ConfirmOrder(), confirming("ord_1"))
		require.ErrorIs(t, err, trpc.ErrOutcomeUnknown)
		require.Equal(t, []string{"0s", "1s", "3s", "7s"}, texts(s.times("orderStatus.confirmOrder")))
	})
}

func TestMutations_refusalIsFinal(t *testing.T) {
	t.Parallel()
	for _, code := range []trpc.Code{trpc.CodeConflict, trpc.CodeInternalServerError, trpc.CodeTooManyRequests} {
		synctest.Test(t, func(t *testing.T) {
			s := open(t, setup{batch: trpc.BatchOff})
			s.market.setFail(failing(refusedError{code}))
			_, err := query.Mutate(t.Context(), s.client, s.CancelOrder(), cancelling("ord_1"))
			require.ErrorIs(t, err, code)
			require.Len(t, s.market.inputs("orderStatus.cancelOrder"), 1)
		})
	}
}

func TestMutations_eachRunHasAKeyOfItsOwn_S22(t *testing.T) {
	t.Parallel()
	n := 0
	cfg := seller.Config{NewIdempotencyKey: func() string { n++; return strings.Repeat("k", n) }}
	synctest.Test(t, func(t *testing.T) {
		s := open(t, setup{config: cfg})
		in := seller.SchedulePayoutInput{AmountCents: 100, Currency: "USD"}
		definition := s.SchedulePayout()
		for range 2 {
			_, err := query.Mutate(t.Context(), s.client, definition, in)
			require.NoError(t, err)
		}
		in.IdempotencyKey = "the caller's"
		_, err := query.Mutate(t.Context(), s.client, definition, in)
		require.NoError(t, err)
		require.Equal(t, []string{"k", "kk", "the caller's"}, keysOf(s, "finance.schedulePayout"))
	})
}
