package http_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/ledger"
)

func historyPath(user, query string) string { return "/users/" + user + "/history?" + query }

func TestHistoryRefusals(t *testing.T) {
	t.Parallel()
	handler := newHandler(t)
	const (
		notInteger = "page size should be a valid integer"
		notPage    = "page size should be greater than 0"
		badCursor  = "invalid pagination cursor"
	)
	encode := base64.StdEncoding.EncodeToString
	for query, want := range map[string]string{
		"":                                          notInteger,
		"page=Mw==":                                 notInteger,
		"page_size=":                                notInteger,
		"page_size=ten":                             notInteger,
		"page_size=1.0":                             notInteger,
		"page_size=1e1":                             notInteger,
		"page_size=%2B1":                            notInteger,
		"page_size=+1":                              notInteger,
		"page_size=1%20":                            notInteger,
		"page_size=--1":                             notInteger,
		"page_size=-":                               notInteger,
		"page_size=1_000":                           notInteger,
		"page_size=0x10":                            notInteger,
		"page_size=1000000000000000000":             notInteger,
		"page_size=-1000000000000000000":            notInteger,
		"page_size=%D9%A3":                          notInteger,
		"page_size=%zz":                             notInteger,
		"PAGE_SIZE=1":                               notInteger,
		"page_size=x&page=!":                        notInteger,
		"page_size=1&page=%zz":                      badCursor,
		"page_size=1&page=Mg==%":                    badCursor,
		"page_size=1&page=Mg==;x=1":                 badCursor,
		"page_size=0&page=%zz":                      notPage,
		"page_size=0":                               notPage,
		"page_size=-0":                              notPage,
		"page_size=-1":                              notPage,
		"page_size=-999999999999999999":             notPage,
		"page_size=0&page=!":                        notPage,
		"page_size=1&page=!":                        badCursor,
		"page_size=1&page=3":                        badCursor,
		"page_size=1&page=Mw":                       badCursor,
		"page_size=1&page=Mw=":                      badCursor,
		"page_size=1&page=Mw===":                    badCursor,
		"page_size=1&page=Mx==":                     badCursor,
		"page_size=1&page=Mw==%0A":                  badCursor,
		"page_size=1&page=%0AMw==":                  badCursor,
		"page_size=1&page=M%0Dw==":                  badCursor,
		"page_size=1&page=%20Mw==":                  badCursor,
		"page_size=1&page==":                        badCursor,
		"page_size=1&page=" + encode([]byte("0")):   badCursor,
		"page_size=1&page=" + encode([]byte("000")): badCursor,
		"page_size=1&page=" + encode([]byte("-1")):  badCursor,
		"page_size=1&page=" + encode([]byte("1.5")): badCursor,
		"page_size=1&page=" + encode([]byte("3 ")):  badCursor,
		"page_size=1&page=" + encode([]byte("x")):   badCursor,
		"page_size=1&page=" + encode([]byte("1000000000000000000")): badCursor,
	} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			expect(t, do(handler, http.MethodGet, historyPath(demoUser, query), ""), 400, failure(400, want))
			// What is wrong with the question is told before who is not there.
			expect(t, do(handler, http.MethodGet, historyPath("nobody", query), ""), 400, failure(400, want))
		})
	}
}

func TestReadsOfNoSuchUser(t *testing.T) {
	t.Parallel()
	service := newLedger(t)
	handler := ledgerhttp.NewHandler(service, ledgerhttp.Config{})
	open(t, service, ledger.AccountRequest{ID: "yen", Asset: ledger.Asset{Code: "JPY"}})
	open(t, service, ledger.AccountRequest{ID: "expenses", Asset: usd, Normal: ledger.Debit})
	for _, user := range []string{
		"nobody", "world", "world:USD", "world:JPY", "yen", "expenses", "a%2Fb", "%252F", "%00", "%ff", strings.Repeat("a", 129),
	} {
		expect(t, do(handler, http.MethodGet, "/users/"+user+"/balance", ""), 404, failure(404, "user not found"))
		expect(t, do(handler, http.MethodGet, historyPath(user, "page_size=1"), ""), 404, failure(404, "user not found"))
		expect(t, do(handler, http.MethodGet, historyPath(user, "page_size=1&page=Mw=="), ""), 404, failure(404, "user not found"))
	}
}

// story is the demo user's, told in seconds.
type story struct {
	handler http.Handler
	service *ledger.Ledger
	now     time.Time
}

func newStory(t *testing.T) *story {
	t.Helper()
	s := &story{now: time.Date(2023, time.April, 9, 17, 54, 35, 305_802_999, time.FixedZone("", 3600))}
	service, err := ledger.Open(t.Context(), memory.New(memory.Config{Now: func() time.Time { return s.now }}), ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	open(t, service, ledger.AccountRequest{ID: demoUser, Name: "Test", Asset: usd, OpeningBalance: ledger.NewAmount(100_00)})
	s.handler, s.service = ledgerhttp.NewHandler(service, ledgerhttp.Config{}), service
	return s
}

func (s *story) goOn() { s.now = s.now.Add(time.Second) }

func TestStory(t *testing.T) {
	t.Parallel()
	story := newStory(t)
	handler := story.handler
	expect(t, do(handler, http.MethodGet, "/users/"+demoUser+"/balance", ""), 200, balanceIs("100"))
	history := func(query, data string) {
		t.Helper()
		want := `{"success":true,"message":"request successful!","status_code":200,"data":` + data + "}\n"
		expect(t, do(handler, http.MethodGet, historyPath(demoUser, query), ""), 200, want)
	}
	history("page_size=10", `{"total":0,"page_size":10,"next_page":"","has_more":false,"histories":[]}`)
	for i, balance := range []string{"120", "140", "160"} {
		story.goOn()
		expect(t, addTo(handler, demoUser, fmt.Sprintf(`{"amount":20,"transaction_id":"tx_%d"}`, i+1)), 202, added(balance))
	}
	expect(t, do(handler, http.MethodGet, "/users/"+demoUser+"/balance", ""), 200, balanceIs("160"))

	const (
		one   = `{"created_at":"2023-04-09T16:54:36.305802Z","amount":20,"transaction_id":"tx_1"}`
		two   = `{"created_at":"2023-04-09T16:54:37.305802Z","amount":20,"transaction_id":"tx_2"}`
		three = `{"created_at":"2023-04-09T16:54:38.305802Z","amount":20,"transaction_id":"tx_3"}`
	)
	history("page_size=2", `{"total":3,"page_size":2,"next_page":"Mg==","has_more":true,"histories":[`+three+","+two+`]}`)
	history("page_size=2&page=", `{"total":3,"page_size":2,"next_page":"Mg==","has_more":true,"histories":[`+three+","+two+`]}`)
	history("page_size=2&page=Mg==", `{"total":3,"page_size":2,"next_page":"MQ==","has_more":false,"histories":[`+one+`]}`)
	history("page_size=2&page=MQ==", `{"total":3,"page_size":2,"next_page":"","has_more":false,"histories":[]}`)
	history("page_size=1&page=Mg%3D%3D", `{"total":3,"page_size":1,"next_page":"MQ==","has_more":false,"histories":[`+one+`]}`)
	history("page_size=3", `{"total":3,"page_size":3,"next_page":"MQ==","has_more":false,"histories":[`+three+","+two+","+one+`]}`)
	history("page_size=4", `{"total":3,"page_size":4,"next_page":"MQ==","has_more":false,"histories":[`+three+","+two+","+one+`]}`)
	history("page_size=0010&page=MDM=", `{"total":3,"page_size":10,"next_page":"MQ==","has_more":false,"histories":[`+two+","+one+`]}`)
	history("page_size=1&page=OTk5OTk5OTk5OTk5OTk5OTk5", `{"total":3,"page_size":1,"next_page":"Mw==","has_more":true,"histories":[`+three+`]}`)
	history("page_size=999999999999999999", `{"total":3,"page_size":1000,"next_page":"MQ==","has_more":false,"histories":[`+three+","+two+","+one+`]}`)
}

func TestHistoryShowsWhatWasTakenAway(t *testing.T) {
	t.Parallel()
	story := newStory(t)
	handler, service := story.handler, story.service
	story.goOn()
	_, err := service.Post(t.Context(), ledger.TransactionRequest{ID: "fee <&> \"é\\\u2028", Entries: []ledger.EntryRequest{
		{Account: demoUser, Side: ledger.Debit, Asset: usd, Amount: ledger.NewAmount(1_50)},
		{Account: ledger.WorldID("USD"), Side: ledger.Credit, Asset: usd, Amount: ledger.NewAmount(1_50)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, do(handler, http.MethodGet, "/users/"+demoUser+"/balance", ""), 200, balanceIs("98.5"))
	expect(t, do(handler, http.MethodGet, historyPath(demoUser, "page_size=5"), ""), 200,
		`{"success":true,"message":"request successful!","status_code":200,"data":{"total":1,"page_size":5,"next_page":"MQ==","has_more":false,`+
			`"histories":[{"created_at":"2023-04-09T16:54:36.305802Z","amount":-1.5,"transaction_id":"fee <&> \"é\\`+"\u2028"+`"}]}}`+"\n")
}

func TestOverdrawnBalance(t *testing.T) {
	t.Parallel()
	service := newLedger(t)
	handler := ledgerhttp.NewHandler(service, ledgerhttp.Config{})
	open(t, service, ledger.AccountRequest{ID: "overdrawn", Asset: usd, Unlimited: true})
	_, err := service.Post(t.Context(), ledger.TransactionRequest{ID: "fee", Entries: []ledger.EntryRequest{
		{Account: "overdrawn", Side: ledger.Debit, Asset: usd, Amount: ledger.NewAmount(5)},
		{Account: ledger.WorldID("USD"), Side: ledger.Credit, Asset: usd, Amount: ledger.NewAmount(5)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, do(handler, http.MethodGet, "/users/overdrawn/balance", ""), 200, balanceIs("-0.05"))
}

// historyData is what the tests read of a history.
type historyData struct {
	Total     uint64 `json:"total"`
	PageSize  int    `json:"page_size"`
	NextPage  string `json:"next_page"`
	HasMore   bool   `json:"has_more"`
	Histories []struct {
		Amount        json.Number `json:"amount"`
		TransactionID string      `json:"transaction_id"`
	} `json:"histories"`
}

func historyOf(t *testing.T, handler http.Handler, user, query string) historyData {
	t.Helper()
	recorder := do(handler, http.MethodGet, historyPath(user, query), "")
	var envelope struct {
		Data historyData `json:"data"`
	}
	if err := json.Unmarshal(recorder.Body.Bytes(), &envelope); err != nil || recorder.Code != http.StatusOK {
		t.Fatalf("%d %s%v", recorder.Code, recorder.Body, err)
	}
	return envelope.Data
}

// TestPagingWhileDepositsArrive pages through a history to which every page
// adds, and sees each older entry once.
func TestPagingWhileDepositsArrive(t *testing.T) {
	t.Parallel()
	handler := newHandler(t)
	made := 0
	deposit := func() {
		made++
		if got := addTo(handler, demoUser, fmt.Sprintf(`{"amount":0.01,"transaction_id":"tx_%d"}`, made)); got.Code != http.StatusAccepted {
			t.Fatal(got.Body)
		}
	}
	const older = 2345
	for range older {
		deposit()
	}
	page := historyOf(t, handler, demoUser, "page_size=5000")
	if page.PageSize != 1000 || len(page.Histories) != 1000 || page.Total != older {
		t.Fatalf("page_size %d, %d items, total %d", page.PageSize, len(page.Histories), page.Total)
	}
	next := older
	for {
		for _, item := range page.Histories {
			if want := "tx_" + strconv.Itoa(next); item.TransactionID != want {
				t.Fatalf("got %s, want %s", item.TransactionID, want)
			}
			next--
		}
		if !page.HasMore {
			break
		}
		deposit()
		page = historyOf(t, handler, demoUser, "page_size=7&page="+page.NextPage)
	}
	if next != 0 {
		t.Errorf("ended before item %d", next)
	}
}

func TestThousandCentsMakeTen(t *testing.T) {
	t.Parallel()
	service := newLedger(t)
	open(t, service, ledger.AccountRequest{ID: "user", Asset: usd})
	handler := ledgerhttp.NewHandler(service, ledgerhttp.Config{})
	for i := range 1000 {
		if got := addTo(handler, "user", fmt.Sprintf(`{"amount":0.01,"transaction_id":"tx_%d"}`, i)); got.Code != http.StatusAccepted {
			t.Fatal(got.Body)
		}
	}
	expect(t, do(handler, http.MethodGet, "/users/user/balance", ""), 200, balanceIs("10"))
}

func TestLastDigitIsKept(t *testing.T) {
	t.Parallel()
	service := newLedger(t)
	open(t, service, ledger.AccountRequest{ID: "user", Asset: usd})
	handler := ledgerhttp.NewHandler(service, ledgerhttp.Config{})
	expect(t, addTo(handler, "user", `{"amount":90071992547409.93,"transaction_id":"tx_1"}`), 202, added("90071992547409.93"))
	expect(t, do(handler, http.MethodGet, "/users/user/balance", ""), 200, balanceIs("90071992547409.93"))
	if page := historyOf(t, handler, "user", "page_size=1"); page.Histories[0].Amount != "90071992547409.93" {
		t.Errorf("history shows %s", page.Histories[0].Amount)
	}
}
