package seller

import (
	"errors"
	"fmt"
	"math"
	"strconv"
)

// ErrCurrencyMismatch says that two amounts of different currencies were to be
// added or subtracted. Money is never converted: the caller has to keep a sum
// per currency.
var ErrCurrencyMismatch = errors.New("seller: currencies differ")

// ErrAmountOverflow says that the result of an addition or subtraction does not
// fit into 64 bits of minor units. The amounts themselves are unharmed.
var ErrAmountOverflow = errors.New("seller: amount overflows")

// Money is an amount in integer minor units of one currency: 1234 with "USD" is
// twelve dollars and thirty-four cents. It is comparable. The zero value is no
// money in no currency and may be added to any other amount.
type Money struct {
	AmountCents int64  `json:"amountCents"`
	Currency    string `json:"currency"`
}

// IsZero reports whether the amount is nothing, whatever the currency.
func (m Money) IsZero() bool { return m.AmountCents == 0 }

// Add returns the sum of both amounts. It fails with ErrCurrencyMismatch if the
// currencies differ and with ErrAmountOverflow if the sum is too large; the zero
// Money fits every currency, so a sum may start from it.
func (m Money) Add(n Money) (Money, error) {
	currency, err := m.commonCurrency(n)
	if err != nil {
		return Money{}, fmt.Errorf("seller: adding %s to %s: %w", n, m, err)
	}
	sum := m.AmountCents + n.AmountCents
	if (sum > m.AmountCents) != (n.AmountCents > 0) {
		return Money{}, fmt.Errorf("seller: adding %s to %s: %w", n, m, ErrAmountOverflow)
	}
	return Money{AmountCents: sum, Currency: currency}, nil
}

// Sub returns m less n, which may be negative. It fails as Add does, with
// ErrCurrencyMismatch or ErrAmountOverflow.
func (m Money) Sub(n Money) (Money, error) {
	currency, err := m.commonCurrency(n)
	if err != nil {
		return Money{}, fmt.Errorf("seller: subtracting %s from %s: %w", n, m, err)
	}
	rest := m.AmountCents - n.AmountCents
	if (rest < m.AmountCents) != (n.AmountCents > 0) {
		return Money{}, fmt.Errorf("seller: subtracting %s from %s: %w", n, m, ErrAmountOverflow)
	}
	return Money{AmountCents: rest, Currency: currency}, nil
}

func (m Money) commonCurrency(n Money) (string, error) {
	switch {
	case m.Currency == n.Currency, n == Money{}:
		return m.Currency, nil
	case m == Money{}:
		return n.Currency, nil
	default:
		return "", ErrCurrencyMismatch
	}
}

// String renders the amount for people, with the decimals of its currency:
// "$12.34", "-€0.05", "1234 JPY", "12.34 PLN". It neither groups digits nor
// follows a locale; a user interface that needs either formats the fields.
func (m Money) String() string {
	digits := minorDigits(m.Currency)
	unit := uint64(math.Pow10(digits))
	sign, magnitude := "", uint64(m.AmountCents)
	if m.AmountCents < 0 {
		sign, magnitude = "-", -magnitude // two's complement: right for the smallest int64 too
	}
	amount := strconv.FormatUint(magnitude/unit, 10)
	if digits > 0 {
		amount += fmt.Sprintf(".%0*d", digits, magnitude%unit)
	}
	switch m.Currency {
	case "USD":
		return sign + "$" + amount
	case "EUR":
		return sign + "€" + amount
	case "GBP":
		return sign + "£" + amount
	case "":
		return sign + amount
	default:
		return sign + amount + " " + m.Currency
	}
}

// minorDigits is the ISO 4217 exponent: almost every currency has 2.
func minorDigits(currency string) int {
	switch currency {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	default:
		return 2
	}
}
