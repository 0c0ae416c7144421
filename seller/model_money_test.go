package seller_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/freshet-go/freshet/seller"
)

func TestMoneyString_hasTheDecimalsOfItsCurrency_S38(t *testing.T) {
	t.Parallel()
	for want, m := range map[string]seller.Money{
		"$12.34":                  {AmountCents: 1234, Currency: "USD"},
		"-$0.05":                  {AmountCents: -5, Currency: "USD"},
		"€1000.00":                {AmountCents: 100000, Currency: "EUR"},
		"£0.99":                   {AmountCents: 99, Currency: "GBP"},
		"12.34 PLN":               {AmountCents: 1234, Currency: "PLN"},
		"1234 JPY":                {AmountCents: 1234, Currency: "JPY"},
		"1.234 KWD":               {AmountCents: 1234, Currency: "KWD"},
		"0.00":                    {},
		"-$92233720368547758.08":  {AmountCents: math.MinInt64, Currency: "USD"},
		"9223372036854775807 KRW": {AmountCents: math.MaxInt64, Currency: "KRW"},
	} {
		require.Equal(t, want, m.String())
	}
}

func TestMoneyAdd_refusesAnotherCurrency_S38(t *testing.T) {
	t.Parallel()
	_, err := seller.Money{AmountCents: 1, Currency: "USD"}.Add(seller.Money{AmountCents: 1, Currency: "EUR"})
	require.ErrorIs(t, err, seller.ErrCurrencyMismatch)
	_, err = seller.Money{AmountCents: 1, Currency: "USD"}.Sub(seller.Money{Currency: "EUR"})
	require.ErrorIs(t, err, seller.ErrCurrencyMismatch)
}

func TestMoneyAdd_refusesToOverflow_S38(t *testing.T) {
	t.Parallel()
	most := seller.Money{AmountCents: math.MaxInt64, Currency: "USD"}
	least := seller.Money{AmountCents: math.MinInt64, Currency: "USD"}
	cent := seller.Money{AmountCents: 1, Currency: "USD"}
	_, err := most.Add(cent)
	require.ErrorIs(t, err, seller.ErrAmountOverflow)
	_, err = least.Sub(cent)
	require.ErrorIs(t, err, seller.ErrAmountOverflow)
	_, err = cent.Sub(least)
	require.ErrorIs(t, err, seller.ErrAmountOverflow)

	nothing := seller.Money{Currency: "USD"}
	same, err := most.Add(nothing)
	require.NoError(t, err)
	require.Equal(t, most, same)
}

func TestMoney_zeroValueStartsASum_S38(t *testing.T) {
	t.Parallel()
	var sum seller.Money
	require.True(t, sum.IsZero())
	sum, err := sum.Add(seller.Money{AmountCents: 250, Currency: "GBP"})
	require.NoError(t, err)
	require.Equal(t, seller.Money{AmountCents: 250, Currency: "GBP"}, sum)
	require.False(t, sum.IsZero())
}

func TestMoney_subtractingWhatWasAddedGivesTheSame_S38(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		amount := rapid.Int64Range(-1<<60, 1<<60)
		a := seller.Money{AmountCents: amount.Draw(rt, "a"), Currency: "USD"}
		b := seller.Money{AmountCents: amount.Draw(rt, "b"), Currency: "USD"}
		sum, err := a.Add(b)
		require.NoError(rt, err)
		back, err := sum.Sub(b)
		require.NoError(rt, err)
		require.Equal(rt, a, back)
	})
}
