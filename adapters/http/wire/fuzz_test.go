package wire_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/ledger"
)

// expectFaithful decodes any body. What is refused is refused as the caller's fault.
// What is accepted, written by encoding/json and decoded again, is the same.
func expectFaithful[T any](t *testing.T, body []byte, decode func([]byte) (T, error)) {
	t.Helper()
	value, err := decode(body)
	if err != nil {
		if e, ok := errors.AsType[*ledger.Error](err); !ok || e.Code != ledger.ErrInvalidRequest || e.Message == "" {
			t.Fatalf("%q is refused with %v", body, err)
		}
		return
	}
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatalf("%q is accepted and cannot be written: %v", body, err)
	}
	again, err := decode(text)
	if err != nil || !reflect.DeepEqual(value, again) {
		t.Fatalf("%q is\n%+v, written\n%s, read\n%+v, %v", body, value, text, again, err)
	}
}

func addSeeds(f *testing.F, seeds ...string) {
	f.Helper()
	for _, seed := range append(seeds, `{}`, `null`, `[]`, ``, `{`, "{\"id\":\"\xff\"}", `{"id":"a","id":"b"}`, `{"id":""}`, `{"ID":"a"}`, `{} x`) {
		f.Add([]byte(seed))
	}
}

func FuzzTransactionBody(f *testing.F) {
	addSeeds(f,
		`{"id":"t1","from":"alice","to":"bob","amount":"1.00","asset":"USD/2","up_to":true}`,
		`{"id":"t1","entries":[{"account":"a","side":"debit","amount":"1","asset":"USD","normal":"credit"},{"account":"b","side":"credit","amount":"1"}],`+
			`"pending":true,"expires_at":"2030-01-01T00:00:00.000000001+01:00","effective_at":"2020-02-29T23:59:60Z","description":"\u0000\ud83d\ude00",`+
			`"metadata":{"k":"v","n":null},"related":"t0","conditions":[{"account":"a","sequence":0,"min_available":"-1"},{"account":"b"}],"actor":"me"}`,
		`{"entries":[],"conditions":[],"metadata":{}}`,
		`{"expires_at":"9999-12-31T23:59:59.999999999-00:01"}`, `{"expires_at":"0001-01-01T00:00:00.000001Z"}`, `{"expires_at":"2026-01-31T9:26:53Z"}`,
		`{"conditions":[{"account":"a","sequence":9223372036854775807}]}`, `{"conditions":[{"account":"a","sequence":1e3}]}`,
		`{"transactions":[{"id":"t1","entries":[{"account":"a"}]},{}],"atomic":true}`, `{"transactions":[]}`)
	f.Fuzz(func(t *testing.T, body []byte) {
		expectFaithful(t, body, wire.DecodeTransactionRequest)
		expectFaithful(t, body, wire.DecodeBatchRequest)
	})
}

func FuzzAccountBody(f *testing.F) {
	addSeeds(f,
		`{"id":"a1","name":"n","asset":"USD","normal":"debit","min_balance":"none","opening_balance":"1.00","effective_at":"2026-01-31T09:26:53Z","metadata":{"k":"v"}}`,
		`{"accounts":[{"id":"a1"},{}]}`, `{"ids":["a","","\u0000"]}`, `{"ids":[]}`, `{"name":"","status":"frozen","metadata":{}}`, `{"metadata":{"k":null}}`)
	f.Fuzz(func(t *testing.T, body []byte) {
		expectFaithful(t, body, wire.DecodeAccountRequest)
		expectFaithful(t, body, wire.DecodeAccountsRequest)
		expectFaithful(t, body, wire.DecodeAccountChange)
		expectFaithful(t, body, wire.DecodeIDs)
	})
}

func FuzzStepBody(f *testing.F) {
	addSeeds(f,
		`{"amount":"1.00","actor":"me"}`, `{"entries":[{"account":"a","side":"debit","amount":"1"}]}`, `{"entries":[]}`, `{"actor":""}`,
		`{"id":"r1","effective_at":"2020-01-01T00:00:00Z","description":"d","metadata":{"k":"v"},"actor":"me"}`)
	f.Fuzz(func(t *testing.T, body []byte) {
		expectFaithful(t, body, wire.DecodePostPendingRequest)
		expectFaithful(t, body, wire.DecodeVoidPendingRequest)
		expectFaithful(t, body, wire.DecodeReversalRequest)
	})
}

func FuzzNameBody(f *testing.F) {
	addSeeds(f, `{"code":"BTC","scale":8}`, `{"code":"BTC","scale":-0}`, `{"code":"BTC","scale":39}`, `{"code":"BTC","scale":8.0}`, `{"name":"books"}`)
	f.Fuzz(func(t *testing.T, body []byte) {
		expectFaithful(t, body, wire.DecodeAsset)
		expectFaithful(t, body, wire.DecodeLedger)
	})
}

// FuzzEntryCursor reads any cursor. One that is accepted is the one that is written.
func FuzzEntryCursor(f *testing.F) {
	for _, cursor := range []string{wire.EntryCursor(ledger.EntryKey{}), wire.EntryCursor(ledger.EntryKey{Stripe: 15, Sequence: 1<<63 - 1}), "", "MC4w\n", "MC4x", "!"} {
		f.Add(cursor)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		if key, err := wire.ParseEntryCursor(cursor); err == nil && wire.EntryCursor(key) != cursor {
			t.Fatalf("%q is read as %v", cursor, key)
		}
		if id, err := wire.ParseIDCursor(cursor); err == nil && (wire.IDCursor(id) != cursor || ledger.ValidateID(id) != nil) {
			t.Fatalf("%q is read as %q", cursor, id)
		}
	})
}
