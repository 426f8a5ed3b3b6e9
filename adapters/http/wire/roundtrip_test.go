package wire_test

import (
	"encoding/json"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/ledger"
)

// totals are amounts as they add up in an account: up to 58 digits, often with all of
// them or none.
func totals() *rapid.Generator[ledger.Amount] { return amounts(58) }

func amounts(digits int) *rapid.Generator[ledger.Amount] {
	return rapid.Custom(func(t *rapid.T) ledger.Amount {
		text := rapid.StringOfN(rapid.RuneFrom([]rune("0123456789")), 1, digits, -1).Draw(t, "digits")
		switch rapid.IntRange(0, 4).Draw(t, "edge") {
		case 0:
			text = strings.Repeat("9", digits)
		case 1:
			text = "0"
		}
		return units(t, text)
	})
}

func units(t *rapid.T, text string) ledger.Amount {
	amount, err := ledger.ParseUnits(text)
	if err != nil {
		t.Fatal(err)
	}
	return amount
}

// signed are amounts of either sign.
func signed() *rapid.Generator[ledger.Amount] {
	return rapid.Custom(func(t *rapid.T) ledger.Amount {
		amount := totals().Draw(t, "amount")
		if rapid.Bool().Draw(t, "negative") {
			return amount.Neg()
		}
		return amount
	})
}

func assets() *rapid.Generator[ledger.Asset] {
	return rapid.Custom(func(t *rapid.T) ledger.Asset {
		code := rapid.StringMatching(`[A-Z][A-Z0-9_]{0,31}`).Draw(t, "code")
		return ledger.Asset{Code: code, Scale: uint8(rapid.IntRange(0, ledger.MaxScale).Draw(t, "scale"))}
	})
}

func texts() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{"a", "a/b", "é <&> \"\\", "😀", "world:USD", strings.Repeat("x", 128), "null"})
}

// optionalTexts are texts that may be empty.
func optionalTexts() *rapid.Generator[string] {
	return rapid.OneOf(rapid.Just(""), texts())
}

func metadata() *rapid.Generator[ledger.Metadata] {
	return rapid.Custom(func(t *rapid.T) ledger.Metadata {
		pairs := rapid.MapOfN(texts(), optionalTexts(), 0, 3).Draw(t, "metadata")
		if len(pairs) == 0 {
			return nil
		}
		return pairs
	})
}

// moments are times as the ledger keeps them, in all years that there are.
func moments() *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		first, last := time.Date(1, 1, 1, 0, 0, 0, 1000, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC)
		return time.UnixMicro(rapid.Int64Range(first.UnixMicro(), last.UnixMicro()).Draw(t, "time")).UTC()
	})
}

func sides() *rapid.Generator[ledger.Side] {
	return rapid.SampledFrom([]ledger.Side{ledger.Debit, ledger.Credit})
}

func sequences() *rapid.Generator[uint64] { return rapid.Uint64Range(0, 1<<63-1) }

func accounts() *rapid.Generator[ledger.Account] {
	return rapid.Custom(func(t *rapid.T) ledger.Account {
		account := ledger.Account{
			ID: texts().Draw(t, "id"), Name: optionalTexts().Draw(t, "name"), Asset: assets().Draw(t, "asset"), Normal: sides().Draw(t, "normal"),
			Unlimited: rapid.Bool().Draw(t, "unlimited"), Metadata: metadata().Draw(t, "metadata"),
			Status: rapid.SampledFrom([]ledger.Status{ledger.StatusOpen, ledger.StatusFrozen, ledger.StatusClosed}).Draw(t, "status"),
			Balance: ledger.Balance{
				Debits: totals().Draw(t, "debits"), Credits: totals().Draw(t, "credits"),
				PendingDebits: totals().Draw(t, "pending debits"), PendingCredits: totals().Draw(t, "pending credits"),
			},
			Sequence: sequences().Draw(t, "sequence"), OpenedAt: moments().Draw(t, "opened at"),
		}
		if !account.Unlimited {
			account.MinBalance = signed().Draw(t, "min balance")
		}
		return account
	})
}

// entriesOf are entries of an account in its history.
func entriesOf(account string, asset ledger.Asset) *rapid.Generator[ledger.Entry] {
	return rapid.Custom(func(t *rapid.T) ledger.Entry {
		return ledger.Entry{
			Transaction: texts().Draw(t, "transaction"), Account: account, Stripe: rapid.Uint8().Draw(t, "stripe"), Side: sides().Draw(t, "side"),
			Sequence: sequences().Draw(t, "sequence"), Asset: asset, Amount: amounts(38).Draw(t, "amount"), Balance: signed().Draw(t, "balance"),
			Debits: totals().Draw(t, "debits"), RecordedAt: moments().Draw(t, "recorded at"), EffectiveAt: moments().Draw(t, "effective at"),
		}
	})
}

// transactions are of every status, with the times of their entries as the ledger
// gives them.
func transactions() *rapid.Generator[ledger.Transaction] {
	return rapid.Custom(func(t *rapid.T) ledger.Transaction {
		transaction := ledger.Transaction{
			ID: texts().Draw(t, "id"), Reverses: optionalTexts().Draw(t, "reverses"), ReversedBy: optionalTexts().Draw(t, "reversed by"),
			Related: optionalTexts().Draw(t, "related"), EffectiveAt: moments().Draw(t, "effective at"), RecordedAt: moments().Draw(t, "recorded at"),
			Description: optionalTexts().Draw(t, "description"), Metadata: metadata().Draw(t, "metadata"), Actor: optionalTexts().Draw(t, "actor"),
			Status: rapid.SampledFrom([]ledger.TransactionStatus{ledger.Posted, ledger.Pending, ledger.Voided, ledger.Expired}).Draw(t, "status"),
		}
		wasPending := transaction.Status != ledger.Posted || rapid.Bool().Draw(t, "was pending")
		if wasPending && rapid.Bool().Draw(t, "expires") {
			transaction.ExpiresAt = moments().Draw(t, "expires at")
		}
		recordedAt := transaction.RecordedAt
		if wasPending && (transaction.Status == ledger.Posted || transaction.Status == ledger.Voided) {
			transaction.ResolvedAt, transaction.ResolvedBy = moments().Draw(t, "resolved at"), optionalTexts().Draw(t, "resolved by")
			recordedAt = transaction.ResolvedAt
		}
		for range rapid.IntRange(2, 5).Draw(t, "entries") {
			entry := entriesOf(texts().Draw(t, "account"), assets().Draw(t, "asset")).Draw(t, "entry")
			entry.Transaction, entry.RecordedAt, entry.EffectiveAt = transaction.ID, recordedAt, transaction.EffectiveAt
			if transaction.Status != ledger.Posted {
				entry = ledger.Entry{Transaction: entry.Transaction, Account: entry.Account, Side: entry.Side, Asset: entry.Asset, Amount: entry.Amount}
			}
			transaction.Entries = append(transaction.Entries, entry)
			if wasPending {
				transaction.Reserved = append(transaction.Reserved, amounts(38).Draw(t, "reserved"))
			}
		}
		return transaction
	})
}

// through returns what is read of a value that was written as JSON.
func through[T any](t *rapid.T, value T) (read T) {
	text, err := json.Marshal(value)
	if err == nil {
		err = json.Unmarshal(text, &read)
	}
	if err != nil {
		t.Fatal(err)
	}
	return read
}

func expectSame(t *rapid.T, got any, err error, want any) {
	t.Helper()
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("got  %+v, %v\nwant %+v", got, err, want)
	}
}

func TestAccountRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := accounts().Draw(t, "account")
		got, err := through(t, wire.NewAccount(want)).Domain()
		expectSame(t, got, err, want)
	})
}

func TestTransactionRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := transactions().Draw(t, "transaction")
		got, err := through(t, wire.NewTransaction(&want)).Domain()
		expectSame(t, got, err, want)
	})
}

func TestEntryRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := entriesOf("alice", assets().Draw(t, "asset")).Draw(t, "entry")
		got, err := through(t, wire.NewAccountEntry(want)).Domain("alice")
		expectSame(t, got, err, want)
		key, err := wire.ParseEntryCursor(wire.EntryCursor(want.Key()))
		expectSame(t, key, err, want.Key())
		id, err := wire.ParseIDCursor(wire.IDCursor(want.Transaction))
		expectSame(t, id, err, want.Transaction)
	})
}

func TestBalanceAtRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		account, isNow := accounts().Draw(t, "account"), rapid.Bool().Draw(t, "now")
		want := ledger.BalanceAt{Account: account.ID, Asset: account.Asset, Normal: account.Normal, Balance: account.Balance, Now: account.OpenedAt}
		if !isNow {
			want.Balance.PendingDebits, want.Balance.PendingCredits = ledger.Amount{}, ledger.Amount{}
		}
		got, err := through(t, wire.NewBalanceAt(want, isNow)).Domain()
		expectSame(t, got, err, want)
	})
}

func TestStatementRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		account := accounts().Draw(t, "account")
		sum := func(a, b ledger.Amount) ledger.Amount {
			total, err := a.Add(b)
			if err != nil {
				t.Fatal(err)
			}
			return total
		}
		want := ledger.Statement{Account: account, Now: moments().Draw(t, "now")}
		if rapid.Bool().Draw(t, "has from") {
			want.From = moments().Draw(t, "from")
		}
		if rapid.Bool().Draw(t, "has to") {
			want.To = moments().Draw(t, "to")
		}
		want.Opening = ledger.Balance{Debits: totals().Draw(t, "debits"), Credits: totals().Draw(t, "credits")}
		debits, credits := totals().Draw(t, "debits in it"), totals().Draw(t, "credits in it")
		want.Closing = ledger.Balance{Debits: sum(want.Opening.Debits, debits), Credits: sum(want.Opening.Credits, credits)}
		for range rapid.IntRange(0, 3).Draw(t, "entries") {
			want.Entries = append(want.Entries, entriesOf(account.ID, account.Asset).Draw(t, "entry"))
		}
		want.More = len(want.Entries) > 0 && rapid.Bool().Draw(t, "more")
		statement, err := wire.NewStatement(want)
		if err != nil {
			t.Fatal(err)
		}
		if statement.Debits != account.Asset.Format(debits) || statement.Credits != account.Asset.Format(credits) {
			t.Fatalf("got %s and %s", statement.Debits, statement.Credits)
		}
		got, err := through(t, statement).Domain()
		expectSame(t, got, err, want)
	})
}

// TestTrialBalanceRoundTrip has the first page, which has all totals, and others.
func TestTrialBalanceRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := ledger.TrialBalance{Now: moments().Draw(t, "now")}
		isFirst, isNow := rapid.Bool().Draw(t, "first"), rapid.Bool().Draw(t, "now")
		known := rapid.SliceOfNDistinct(assets(), 0, 4, func(a ledger.Asset) string { return a.Code }).Draw(t, "assets")
		slices.SortFunc(known, func(a, b ledger.Asset) int { return strings.Compare(a.Code, b.Code) })
		for _, asset := range known {
			if isFirst {
				want.Totals = append(want.Totals, ledger.AssetTotals{Asset: asset, Debits: totals().Draw(t, "debits"), Credits: totals().Draw(t, "credits")})
			}
			for range rapid.IntRange(0, 3).Draw(t, "accounts") {
				account := ledger.BalanceAt{
					Account: rapid.StringMatching(`[a-z]{1,8}`).Draw(t, "account"), Asset: asset, Normal: sides().Draw(t, "normal"), Now: want.Now,
					Balance: ledger.Balance{Debits: totals().Draw(t, "debits"), Credits: totals().Draw(t, "credits")},
				}
				if isNow {
					account.Balance.PendingDebits, account.Balance.PendingCredits = totals().Draw(t, "pending debits"), totals().Draw(t, "pending credits")
				}
				want.Accounts = append(want.Accounts, account)
			}
		}
		slices.SortStableFunc(want.Accounts, func(a, b ledger.BalanceAt) int { return strings.Compare(a.Account, b.Account) })
		want.Accounts = slices.CompactFunc(want.Accounts, func(a, b ledger.BalanceAt) bool { return a.Account == b.Account })
		want.More = len(want.Accounts) > 0 && rapid.Bool().Draw(t, "more")
		balance := wire.NewTrialBalance(want, isNow)
		for i, asset := range balance.Data {
			if asset.Accounts == nil || isFirst && *asset.Balanced != want.Totals[i].IsBalanced() {
				t.Fatalf("got %+v", asset)
			}
		}
		got, err := through(t, balance).Domain()
		expectSame(t, got, err, want)
	})
}

// TestReadings compares the readings of a balance with big numbers.
func TestReadings(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		account := accounts().Draw(t, "account")
		number := func(text string) *big.Int {
			n, ok := new(big.Int).SetString(strings.Replace(text, ".", "", 1), 10)
			if !ok {
				t.Fatalf("%q is no number", text)
			}
			if whole, fraction, _ := strings.Cut(text, "."); len(fraction) != int(account.Asset.Scale) || whole == "" {
				t.Fatalf("%q has not the scale of %s", text, account.Asset)
			}
			return n
		}
		a := wire.NewAccount(account)
		debits, credits := number(a.Debits), number(a.Credits)
		in, out := number(a.Balance.PendingIn), number(a.Balance.PendingOut)
		posted := new(big.Int).Sub(credits, debits)
		pendingIn, pendingOut := account.Balance.PendingCredits, account.Balance.PendingDebits
		if account.Normal == ledger.Debit {
			posted.Neg(posted)
			pendingIn, pendingOut = pendingOut, pendingIn
		}
		if in.String() != pendingIn.String() || out.String() != pendingOut.String() || number(a.Balance.Posted).Cmp(posted) != 0 ||
			number(a.Balance.Available).Cmp(new(big.Int).Sub(posted, out)) != 0 {
			t.Fatalf("%+v of %+v", a.Balance, account)
		}
	})
}
