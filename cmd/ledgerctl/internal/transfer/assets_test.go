package transfer_test

import (
	"testing"

	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/transfer"
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
