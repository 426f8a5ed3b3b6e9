package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"
	"time"
)

// Fingerprint tells the content of a request: the SHA-256 of its canonical
// form. Stores keep it with what the request made, so that a repeated id can be
// told to be a replay or a conflict.
//
// The canonical form starts with its version. Each field follows as a tag, a
// length and its bytes, in the order of the tags, and a field that was not
// given is left out altogether; so a field that is added later does not change
// the fingerprint of a request that does not use it.
type Fingerprint [sha256.Size]byte

const (
	formTransaction = "ledger/transaction/1"
	formAccount     = "ledger/account/1"
)

// Tags of the canonical forms. They are never renumbered or used anew.
const (
	tagEntries        = 1
	tagConditions     = 2
	tagUpTo           = 3
	tagPending        = 4
	tagExpiresAt      = 5
	tagEffectiveAt    = 6
	tagDescription    = 7
	tagMetadata       = 8
	tagRelated        = 9
	tagReverses       = 10
	tagAsset          = 1
	tagNormal         = 2
	tagMinBalance     = 3
	tagUnlimited      = 4
	tagName           = 5
	tagOpeningBalance = 6
	tagMetadataOpened = 7
	tagOpeningTime    = 8
)

// fingerprint covers all that decides what the transaction does. The id is the
// key under which it is kept, and not part of it.
func (r TransactionRequest) fingerprint() Fingerprint {
	var buffer [512]byte
	entries := buffer[:0]
	for _, e := range r.Entries {
		entries = appendText(entries, e.Account)
		entries = append(entries, byte(e.Side))
		entries = appendText(entries, e.Asset.Code)
		entries = append(entries, e.Asset.Scale)
		entries = appendAmount(entries, e.Amount)
	}
	var formBuffer [640]byte
	form := append(formBuffer[:0], formTransaction...)
	form = appendField(form, tagEntries, entries)
	if len(r.Conditions) > 0 {
		form = appendField(form, tagConditions, appendConditions(nil, r.Conditions))
	}
	if r.UpTo {
		form = appendField(form, tagUpTo, []byte{1})
	}
	return sha256.Sum256(r.details().appendTo(form))
}

// fingerprint covers all that decides what the reversal does. What it moves is
// decided by what it reverses.
func (r ReversalRequest) fingerprint() Fingerprint {
	return sha256.Sum256(r.details().appendTo([]byte(formTransaction)))
}

func (d *details) appendTo(form []byte) []byte {
	if d == nil {
		return form
	}
	if d.pending {
		form = appendField(form, tagPending, []byte{1})
	}
	if !d.expiresAt.IsZero() {
		form = appendField(form, tagExpiresAt, appendTime(nil, d.expiresAt))
	}
	if !d.effectiveAt.IsZero() {
		form = appendField(form, tagEffectiveAt, appendTime(nil, d.effectiveAt))
	}
	if d.description != "" {
		form = appendField(form, tagDescription, []byte(d.description))
	}
	if len(d.metadata) > 0 {
		form = appendField(form, tagMetadata, appendMetadata(nil, d.metadata))
	}
	if d.related != "" {
		form = appendField(form, tagRelated, []byte(d.related))
	}
	if d.reverses != "" {
		form = appendField(form, tagReverses, []byte(d.reverses))
	}
	return form
}

// fingerprint covers the whole normalized request but its id.
func (r AccountRequest) fingerprint() Fingerprint {
	form := append([]byte(nil), formAccount...)
	form = appendField(form, tagAsset, append(appendText(nil, r.Asset.Code), r.Asset.Scale))
	form = appendField(form, tagNormal, []byte{byte(r.Normal)})
	form = appendField(form, tagMinBalance, appendAmount(nil, r.MinBalance))
	if r.Unlimited {
		form = appendField(form, tagUnlimited, []byte{1})
	}
	if r.Name != "" {
		form = appendField(form, tagName, []byte(r.Name))
	}
	if r.OpeningBalance.Sign() != 0 {
		form = appendField(form, tagOpeningBalance, appendAmount(nil, r.OpeningBalance))
	}
	if len(r.Metadata) > 0 {
		form = appendField(form, tagMetadataOpened, appendMetadata(nil, r.Metadata))
	}
	if !r.EffectiveAt.IsZero() {
		form = appendField(form, tagOpeningTime, appendTime(nil, r.EffectiveAt))
	}
	return sha256.Sum256(form)
}

// appendMetadata writes the pairs in the order of their keys.
func appendMetadata(form []byte, metadata Metadata) []byte {
	for _, key := range slices.Sorted(maps.Keys(metadata)) {
		form = appendText(form, key)
		form = appendText(form, metadata[key])
	}
	return form
}

// appendTime writes the microseconds since 1970 began.
func appendTime(form []byte, t time.Time) []byte { return binary.AppendVarint(form, t.UnixMicro()) }

func appendConditions(form []byte, conditions []Condition) []byte {
	for _, c := range conditions {
		form = appendText(form, c.Account)
		form = append(form, 0)
		given := &form[len(form)-1]
		if c.Sequence != nil {
			*given |= 1
		}
		if c.MinAvailable != nil {
			*given |= 2
		}
		if c.Sequence != nil {
			form = binary.AppendUvarint(form, *c.Sequence)
		}
		if c.MinAvailable != nil {
			form = appendAmount(form, *c.MinAvailable)
		}
	}
	return form
}

func appendField(form []byte, tag byte, value []byte) []byte {
	form = append(form, tag)
	form = binary.AppendUvarint(form, uint64(len(value)))
	return append(form, value...)
}

func appendText(form []byte, text string) []byte {
	form = binary.AppendUvarint(form, uint64(len(text)))
	return append(form, text...)
}

// appendAmount writes the decimal digits, which no change of the amount's
// layout can alter.
func appendAmount(form []byte, a Amount) []byte {
	var digits [80]byte
	text := a.appendDigits(digits[:0])
	form = append(form, byte(len(text)))
	return append(form, text...)
}
