package memory

import (
	"encoding/binary"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// What a record has beside its entries. Most have nothing, and then have no flags
// either.
const (
	hasEffectiveAt = 1 << iota
	hasDescription
	hasMetadata
	hasRelated
	hasReverses
	hasActor
	// wasPending: the transaction was pending.
	wasPending
)

// writtenAt is when a transaction that is not pending was written into the
// journal. It is also when its entries were recorded.
func writtenAt(t *ledger.Transaction) time.Time {
	if t.Reserved != nil {
		return t.ResolvedAt
	}
	return t.RecordedAt
}

func flagsOf(t *ledger.Transaction) (flags byte) {
	for _, has := range [...]struct {
		flag  byte
		isSet bool
	}{
		{hasEffectiveAt, !t.EffectiveAt.Equal(writtenAt(t))},
		{hasDescription, t.Description != ""},
		{hasMetadata, len(t.Metadata) > 0},
		{hasRelated, t.Related != ""},
		{hasReverses, t.Reverses != ""},
		{hasActor, t.Actor != ""},
		{wasPending, t.Reserved != nil},
	} {
		if has.isSet {
			flags |= has.flag
		}
	}
	return flags
}

// appendDetails appends the flags, which are some, and what they announce. The
// effective time comes first, for entries have it too.
func appendDetails(b []byte, flags byte, t *ledger.Transaction) []byte {
	b = append(b, flags)
	if flags&hasEffectiveAt != 0 {
		b = appendTime(b, t.EffectiveAt)
	}
	if flags&hasMetadata != 0 {
		b = binary.AppendUvarint(b, uint64(len(t.Metadata)))
		for key, value := range t.Metadata {
			b = appendText(appendText(b, key), value)
		}
	}
	for _, text := range texts(flags, t) {
		if text != nil {
			b = appendText(b, *text)
		}
	}
	if flags&wasPending != 0 {
		b = append(b, byte(t.Status))
		b = appendTime(appendTime(b, t.RecordedAt), t.ExpiresAt)
		b = appendText(b, t.ResolvedBy)
		for _, amount := range t.Reserved {
			b = appendAmount(b, amount)
		}
	}
	return b
}

// texts returns those texts of the transaction that the flags announce, in the
// order in which they are kept, and nil for the others.
func texts(flags byte, t *ledger.Transaction) (texts [4]*string) {
	for i, text := range [...]struct {
		flag byte
		text *string
	}{{hasDescription, &t.Description}, {hasRelated, &t.Related}, {hasReverses, &t.Reverses}, {hasActor, &t.Actor}} {
		if flags&text.flag != 0 {
			texts[i] = text.text
		}
	}
	return texts
}

// details reads what follows the effective time.
func (c *cursor) details(h *header, t *ledger.Transaction) {
	if h.flags&hasMetadata != 0 {
		count := int(c.uvarint())
		t.Metadata = make(ledger.Metadata, count)
		for range count {
			key := c.text()
			t.Metadata[key] = c.text()
		}
	}
	for _, text := range texts(h.flags, t) {
		if text != nil {
			*text = c.text()
		}
	}
	if h.flags&wasPending != 0 {
		t.Status = ledger.TransactionStatus(c.next(1)[0])
		t.RecordedAt, t.ExpiresAt = c.time(), c.time()
		t.ResolvedAt, t.ResolvedBy = h.writtenAt, c.text()
		t.Reserved = make([]ledger.Amount, h.entries)
		for i := range t.Reserved {
			t.Reserved[i] = c.amount()
		}
	}
}

// appendTime appends a time, the zero one too, for that is the year 1.
func appendTime(b []byte, t time.Time) []byte { return binary.AppendVarint(b, t.UnixMicro()) }

func (c *cursor) time() time.Time { return time.UnixMicro(c.varint()).UTC() }

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

func (c *cursor) text() string { return string(c.next(int(c.uvarint()))) }
