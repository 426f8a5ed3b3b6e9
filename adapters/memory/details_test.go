package memory

import (
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/seed-d432d95b/ledger/ledger"
)

// drawTransaction draws a transaction between two accounts with any details. Its
// amounts are whatever they are: the journal does not judge.
func drawTransaction(t *rapid.T, accounts []*account) ledger.RecordedTransaction {
	at := func(name string) time.Time {
		// Up to the year 9999.
		return time.UnixMicro(rapid.Int64Range(time.Time{}.UnixMicro(), 253402300799999999).Draw(t, name)).UTC()
	}
	amount := func(name string) ledger.Amount { return ledger.NewAmount(rapid.Int64().Draw(t, name)) }
	text := func(name string) string { return rapid.OneOf(rapid.Just(""), rapid.String()).Draw(t, name) }
	recorded := ledger.RecordedTransaction{Transaction: ledger.Transaction{
		ID: text("id"), Status: ledger.Posted, Description: text("description"), Related: text("related"),
		Reverses: text("reverses"), Actor: text("actor"), RecordedAt: at("recorded"),
	}}
	written := recorded.RecordedAt
	recorded.EffectiveAt = rapid.SampledFrom([]time.Time{written, at("effective")}).Draw(t, "effective or not")
	if metadata := rapid.MapOfN(rapid.String(), rapid.String(), 0, 5).Draw(t, "metadata"); len(metadata) > 0 {
		recorded.Metadata = metadata
	}
	if rapid.Bool().Draw(t, "was held") {
		written = at("resolved")
		recorded.Status = rapid.SampledFrom([]ledger.TransactionStatus{ledger.Posted, ledger.Voided}).Draw(t, "status")
		recorded.ResolvedAt, recorded.ResolvedBy = written, text("resolver")
		recorded.ExpiresAt = rapid.SampledFrom([]time.Time{{}, at("expiry")}).Draw(t, "expiry or none")
		recorded.Reserved = []ledger.Amount{amount("reserved"), amount("reserved too")}
	}
	for i, a := range accounts {
		e := ledger.Entry{
			Transaction: recorded.ID, Account: a.id, Side: []ledger.Side{ledger.Debit, ledger.Credit}[i], Asset: a.asset, Amount: amount("amount"),
		}
		if recorded.Status == ledger.Posted {
			e.Stripe, e.Sequence = a.stripe, rapid.Uint64().Draw(t, "sequence")
			e.Balance, e.Debits = amount("balance"), amount("debits")
			e.RecordedAt, e.EffectiveAt = written, recorded.EffectiveAt
		}
		recorded.Entries = append(recorded.Entries, e)
	}
	return recorded
}

func TestJournal_details(t *testing.T) {
	t.Parallel()
	accounts := []*account{
		{number: 0, id: "world:USD", asset: usd, normal: ledger.Debit, stripe: 7},
		{number: 1, id: "a", asset: usd, normal: ledger.Credit},
	}
	rapid.Check(t, func(t *rapid.T) {
		j := newJournal(1)
		for range 3 {
			want := drawTransaction(t, accounts)
			record := j.begin(&want)
			var places []place
			for i := range want.Entries {
				places = append(places, record.entry(accounts[i], &want.Entries[i]))
			}
			if got := j.transaction(record.end(), accounts); !reflect.DeepEqual(got, want) {
				t.Fatalf("read %+v, want %+v", got, want)
			}
			if want.Status == ledger.Voided {
				continue
			}
			for i, at := range places {
				if got := j.entry(at, accounts); got != want.Entries[i] {
					t.Fatalf("read %+v, want %+v", got, want.Entries[i])
				}
				if got, want := j.recordedAt(at), want.Entries[i].RecordedAt.UnixMicro(); got != want {
					t.Fatalf("read the time %d, want %d", got, want)
				}
			}
		}
	})
}

// TestJournal_plain shows that a deposit's record has no byte for what only others
// have.
func TestJournal_plain(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	world := &account{number: 3, id: "world:USD", asset: usd, normal: ledger.Debit}
	user := &account{number: 4, id: "a", asset: usd, normal: ledger.Credit}
	cents := ledger.NewAmount(100)
	deposit := ledger.RecordedTransaction{Transaction: ledger.Transaction{ID: "tx", RecordedAt: at, EffectiveAt: at}}
	deposit.Entries = []ledger.Entry{
		{Transaction: "tx", Account: world.id, Side: ledger.Debit, Sequence: 1, Asset: usd, Amount: cents, Balance: cents, Debits: cents, RecordedAt: at, EffectiveAt: at},
		{Transaction: "tx", Account: user.id, Side: ledger.Credit, Sequence: 1, Asset: usd, Amount: cents, Balance: cents, RecordedAt: at, EffectiveAt: at},
	}
	j := newJournal(0)
	record := j.begin(&deposit)
	record.entry(world, &deposit.Entries[0])
	record.entry(user, &deposit.Entries[1])
	record.end()
	// The fingerprint, the time, the id with its length, the number of entries; for
	// each entry its distance, its account, its number, its side, and two amounts with
	// their lengths.
	if want := 32 + 8 + 3 + 1 + 2*(1+1+1+1+2+2); j.used != want {
		t.Errorf("a deposit takes %d bytes, want %d", j.used, want)
	}
}
