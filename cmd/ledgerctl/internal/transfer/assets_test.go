package transfer_test

import (
	"testing"

	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/transfer"
	"github.com/seed-d432d95b/ledger/ledger"
)

// TestRefusedAssetSpoilsNoOtherLine imports an asset that is known otherwise, and an
// account that cannot be, before lines about them that are right.
func TestRefusedAssetSpoilsNoOtherLine(t *testing.T) {
	t.Parallel()
	books := newLedger(t)
	open(t, books, "a")
	const file = `{"type":"asset","code":"USD","scale":3}
{"type":"account","id":"a","asset":"JPY","min_balance":"none","name":"\u0000"}
{"type":"account","id":"b","asset":"USD"}
{"id":"p1","from":"world:USD","to":"a","amount":"1.25"}
{"id":"p2","from":"a","to":"b","amount":"1.00"}
`
	summary, rejected := importInto(t, books, file, transfer.Config{})
	if summary.Applied != 3 || summary.Rejected != 2 {
		t.Errorf("got %+v with\n%s", summary, rejected)
	}
}

// TestRefusedAccountSpoilsNoLineOfItsBatch imports account lines that only the ledger
// refuses, and lines whose asset was told by them.
func TestRefusedAccountSpoilsNoLineOfItsBatch(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text              string
		applied, rejected int64
	}{
		"there with another asset": {`{"type":"account","id":"gems","asset":"USD"}
{"id":"p1","from":"world:GEM","to":"gems","amount":"1.250"}
{"id":"h","from":"gems","to":"world:GEM","amount":"0.125","pending":true}
{"type":"post","transaction":"h","entries":[{"account":"gems","side":"debit","amount":"0.005"},{"account":"world:GEM","side":"credit","amount":"0.005"}]}
{"id":"p2","from":"gems","to":"world:GEM","amount":"0.001"}
`, 4, 1},
		"refused, and then not": {`{"type":"account","id":"x","asset":"USD","opening_balance":"1.00","effective_at":"2999-01-01T00:00:00Z"}
{"type":"account","id":"x","asset":"GEM"}
{"id":"p1","from":"world:GEM","to":"x","amount":"1.250"}
`, 2, 1},
		"the first is right": {`{"type":"account","id":"x","asset":"GEM"}
{"type":"account","id":"x","asset":"USD"}
{"id":"p1","from":"world:GEM","to":"x","amount":"1.250"}
`, 2, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			books := newLedger(t)
			gem := ledger.Asset{Code: "GEM", Scale: 3}
			if _, err := books.RegisterAsset(t.Context(), gem); err != nil {
				t.Fatal(err)
			}
			if _, err := books.OpenAccount(t.Context(), ledger.AccountRequest{ID: "gems", Asset: gem}); err != nil {
				t.Fatal(err)
			}
			summary, rejected := importInto(t, books, test.text, transfer.Config{})
			if summary.Applied != test.applied || summary.Rejected != test.rejected {
				t.Errorf("got %+v with\n%s", summary, rejected)
			}
		})
	}
}
