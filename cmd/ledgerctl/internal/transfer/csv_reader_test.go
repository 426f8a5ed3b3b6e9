package transfer_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/transfer"
	"github.com/seed-d432d95b/ledger/ledger"
)

// TestUnclosedQuoteSpoilsOneLine imports CSV in which quotes are not closed.
func TestUnclosedQuoteSpoilsOneLine(t *testing.T) {
	t.Parallel()
	file := "id,from,to,amount,description\n"
	for i := range 3000 {
		description := "x"
		if i == 9 || i == 1500 {
			description = `"12 inch`
		}
		file += fmt.Sprintf("u%d,world:USD,a,1.00,%s\n", i, description)
	}
	books, rejects := newLedger(t), new(bytes.Buffer)
	open(t, books, "a")
	summary, err := transfer.Import(t.Context(), books, strings.NewReader(file), transfer.Config{Format: transfer.CSV, Rejects: rejects})
	if err != nil || summary.Applied != 2998 || summary.Rejected != 2 {
		t.Fatalf("got %+v, %v", summary, err)
	}
	for _, want := range []string{",11,invalid_request,", ",1502,invalid_request,", `"u9,world:USD,a,1.00,""12 inch"`} {
		if !strings.Contains(rejects.String(), want) {
			t.Errorf("%q is missing in\n%s", want, rejects)
		}
	}
}

// TestMalformedRowsStayMalformed imports rejects that nobody has mended, and then those
// that somebody has.
func TestMalformedRowsStayMalformed(t *testing.T) {
	t.Parallel()
	const file = `id,from,to,amount,description,metadata
c1,world:USD,a,1.00,x,{"a":"b"}
c2,world:USD,a,1.00
c3,world:USD,a,1.00,x,"{""a"":""b""}",extra
c4,world:USD,nobody,1.00,x,
`
	books, first := newLedger(t), new(bytes.Buffer)
	open(t, books, "a")
	csv := func(text string, rejects *bytes.Buffer) transfer.Summary {
		summary, err := transfer.Import(t.Context(), books, strings.NewReader(text), transfer.Config{Format: transfer.CSV, Rejects: rejects})
		if err != nil {
			t.Fatal(err)
		}
		return summary
	}
	if got := csv(file, first); got.Rejected != 4 || got.Applied != 0 {
		t.Fatalf("got %+v with\n%s", got, first)
	}
	// As two imports append them to one file.
	second := new(bytes.Buffer)
	if got := csv(first.String()+first.String(), second); got.Rejected != 8 || got.Applied != 0 {
		t.Fatalf("not mended: got %+v with\n%s", got, second)
	}
	for _, text := range []string{`{""a"":""b""}`, "extra", `"c2,world:USD,a,1.00"`} {
		if strings.Count(second.String(), text) < 2 {
			t.Errorf("%s was lost from\n%s", text, second)
		}
	}
	mended := strings.NewReplacer(`{""a"":""b""}"`+"\n", `""{""""a"""":""""b""""}"""`+"\n", ",extra", "", `"c2,world:USD,a,1.00"`, `"c2,world:USD,a,1.00,,"`, "nobody", "a").Replace(first.String())
	if got := csv(mended, new(bytes.Buffer)); got.Applied != 4 || got.Rejected != 0 {
		t.Fatalf("mended: got %+v of\n%s", got, mended)
	}
	for _, id := range []string{"c1", "c3"} {
		if posted, err := books.Transaction(t.Context(), id); err != nil || posted.Metadata["a"] != "b" {
			t.Errorf("%s is %+v, %v", id, posted, err)
		}
	}
}

func open(t *testing.T, books *ledger.Ledger, id string) {
	t.Helper()
	if _, err := books.OpenAccount(t.Context(), ledger.AccountRequest{ID: id, Asset: ledger.Asset{Code: "USD", Scale: 2}}); err != nil {
		t.Fatal(err)
	}
}
