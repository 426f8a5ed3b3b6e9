package ledger_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

func TestVerifyRecords(t *testing.T) {
	t.Parallel()
	testDamaged(t, []damaged{
		{"a transaction that is gone", func(b *table) { b.deleteTransaction("t2") }, []string{"links a/2 of t2", "links b/2 of t2"}},
		{"a hold that is gone", func(b *table) { b.deleteTransaction("open") }, []string{"links a of open", "links b of open"}},
		{"a transaction that is there twice", func(b *table) { b.transactions = append(b.transactions, *b.transaction("t2")) }, []string{"unique_id of t2"}},
		{"a key", func(b *table) { b.transaction("t2").Entries[0].Sequence = 9 }, []string{"links a/2 of t2", "links a/9 of t2"}},
		{"a key of another transaction", func(b *table) { b.transaction("t2").Entries[0].Sequence = 1 }, []string{"links a/1 of t2", "links a/2 of t2"}},
		{"a key twice", func(b *table) {
			b.transaction("t2").Entries = append(b.transaction("t2").Entries, b.transaction("t2").Entries[0])
		}, []string{"unique_id a/2 of t2"}},
		{"a hold that was posted when it had expired", func(b *table) {
			held := b.transaction("part")
			held.ExpiresAt = held.ResolvedAt
		}, []string{"times_in_order of part"}},
		{"an empty id", func(b *table) {
			first := &b.transactions[0]
			for i := range b.entries {
				if b.entries[i].Transaction == first.ID {
					b.entries[i].Transaction = ""
				}
			}
			first.ID = ""
		}, []string{"stored", "pending_totals a", "pending_totals b", "links a of ends", "links b of ends"}},
		{"one entry", func(b *table) { b.transaction("t2").Entries = b.transaction("t2").Entries[:1] }, []string{"links of t2"}},
		{"too many entries", func(b *table) { b.transaction("t2").Entries = make([]ledger.Entry, 5000) }, []string{"links of t2"}},
		{"no status", func(b *table) { b.transaction("t2").Status = 0 }, []string{"stored of t2"}},
		{"pending, without having reserved", func(b *table) { b.transaction("t2").Status = ledger.Pending }, []string{"stored of t2"}},
		{"amounts that are missing", func(b *table) { b.transaction("open").Reserved = b.transaction("open").Reserved[:1] }, []string{"stored of open"}},
		{"a recorded time", func(b *table) { b.transaction("t2").RecordedAt = b.transaction("t2").RecordedAt.Add(time.Second) }, []string{
			"times_in_order a/2 of t2", "times_in_order b/2 of t2",
		}},
		{"an effective time", func(b *table) { b.transaction("t2").EffectiveAt = b.transaction("t2").EffectiveAt.Add(-time.Second) }, []string{
			"times_in_order a/2 of t2", "times_in_order b/2 of t2",
		}},
		{"a hold that ended before it was made", func(b *table) {
			b.transaction("void").ResolvedAt = b.transaction("void").RecordedAt.Add(-time.Second)
		}, []string{"times_in_order of void", "times_in_order of void"}},
		{"entries of a hold that was voided", func(b *table) { b.transaction("part").Status = ledger.Voided }, []string{
			"links a/4 of part", "links b/4 of part",
		}},
		{"more than was reserved", func(b *table) {
			b.transaction("part").Reserved = []ledger.Amount{units(5), units(5)}
		}, []string{"pending_totals a/4 of part", "pending_totals b/4 of part"}},
		{"another side than was reserved", func(b *table) {
			entries := slices.Clone(b.transaction("part").Entries)
			entries[0].Side, entries[1].Side = ledger.Credit, ledger.Debit
			b.transaction("part").Entries = entries
		}, []string{"pending_totals a/4 of part", "pending_totals b/4 of part"}},
		{"reserved out of balance", func(b *table) {
			b.transaction("open").Reserved[1] = units(6)
			b.reservation("b").Credits = units(6)
			b.balance("b", 0).Balance.PendingCredits = units(14)
		}, []string{"debits_equal_credits of open"}},
		{"a reservation that is gone", func(b *table) { b.deleteReservation("a", "open") }, []string{"pending_totals a", "pending_totals a of open"}},
		{"a reservation that is gone before its end", func(b *table) {
			b.deleteReservation("a", "ends")
			b.balance("a", 0).Balance.PendingDebits = units(7)
		}, []string{"pending_totals a of ends"}},
		{"a reservation that was swept", func(b *table) {
			b.deleteReservation("a", "ends")
			b.balance("a", 0).Balance.PendingDebits = units(7)
			b.now = b.now.Add(2 * time.Hour)
		}, nil},
		{"a reservation that was swept before the clock was set back", func(b *table) {
			b.deleteReservation("a", "ends")
			b.balance("a", 0).Balance.PendingDebits = units(7)
			b.balance("a", 0).LastRecordedAt = b.now.Add(2 * time.Hour)
		}, nil},
		{"a hold that had expired when it was recorded", func(b *table) {
			b.deleteReservation("a", "ends")
			b.deleteReservation("b", "ends")
			b.balance("a", 0).Balance.PendingDebits, b.balance("b", 0).Balance.PendingCredits = units(7), units(7)
			b.transaction("ends").ExpiresAt = b.transaction("ends").RecordedAt.Add(-time.Hour)
		}, nil},
		{"a reservation's amount", func(b *table) { b.reservation("a").Debits = units(6) }, []string{"pending_totals a", "pending_totals a of open"}},
		{"a reservation's side", func(b *table) {
			r := b.reservation("a")
			r.Debits, r.Credits = r.Credits, r.Debits
		}, []string{"pending_totals a", "pending_totals a", "pending_totals a of open"}},
		{"a reservation's end", func(b *table) { b.reservation("a").ExpiresAt = b.now }, []string{"pending_totals a of open"}},
		{"a reservation of what was voided", func(b *table) { b.reservation("a").Transaction = "void" }, []string{
			"pending_totals a of open", "pending_totals a of void",
		}},
		{"a reservation of what never was pending", func(b *table) { b.reservation("a").Transaction = "t1" }, []string{
			"pending_totals a of open", "pending_totals a of t1",
		}},
		{"a reservation that is there twice", func(b *table) {
			b.reservations = slices.Insert(b.reservations, 0, *b.reservation("a"))
			b.balance("a", 0).Balance.PendingDebits = units(22)
		}, []string{"unique_id a of open"}},
		{"a reversal of another transaction", func(b *table) { b.transaction("undo").Reverses = "t2" }, []string{"links of undo"}},
		{"a reversal of nothing", func(b *table) { b.transaction("undo").Reverses = "gone" }, []string{"links of undo"}},
		{"a reversal of what is pending", func(b *table) { b.transaction("undo").Reverses = "open" }, []string{"links of undo"}},
		{"a hold that reverses", func(b *table) { b.transaction("open").Reverses = "t1" }, []string{"links of open"}},
		{"an opening transaction of another account", func(b *table) {
			for i := range b.entries {
				if b.entries[i].Transaction == "t2" {
					b.entries[i].Transaction = "opening:b"
				}
			}
			b.transaction("t2").ID = "opening:b"
			slices.SortFunc(b.transactions, func(x, y ledger.Transaction) int { return strings.Compare(x.ID, y.ID) })
		}, []string{"links of opening:b"}},
	})
}

func TestVerifyStored(t *testing.T) {
	t.Parallel()
	garbled := &ledger.Error{Code: ledger.ErrInternal, Message: "garbled"}
	testDamaged(t, []damaged{
		{"a flaw", func(b *table) {
			b.flaws = []ledger.Finding{{Check: ledger.CheckStored, Account: "x", Message: "an index lies"}}
		}, []string{"stored x"}},
		{"a balance that cannot be read", func(b *table) {
			b.unreadableBalance = func(account, _ string, _ uint64) error { return when(account == "b", garbled) }
		}, []string{"stored b"}},
		{"an entry that cannot be read", func(b *table) {
			b.entry("a", 2).Amount, b.entry("a", 2).Balance, b.entry("a", 2).RecordedAt = units(0), units(0), time.Time{}
			b.unreadableEntry = func(account, _ string, sequence uint64) error { return when(account == "a" && sequence == 2, garbled) }
		}, []string{
			"stored a/2 of t2", "balance_equals_sum", "times_in_order a/2 of t2", "debits_equal_credits of t2",
		}},
		{"a last entry that cannot be read", func(b *table) {
			b.unreadableEntry = func(account, _ string, sequence uint64) error { return when(account == "a" && sequence == 4, garbled) }
		}, []string{"stored a/4 of part", "balance_equals_sum"}},
		{"a transaction that cannot be read", func(b *table) {
			b.transaction("t2").Entries = nil
			b.unreadableRecord = func(_, transaction string, _ uint64) error { return when(transaction == "t2", garbled) }
		}, []string{"stored of t2"}},
	})
}
