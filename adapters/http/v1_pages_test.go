package http_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// page is a page of any list.
type page struct {
	Data       []map[string]any `json:"data"`
	Entries    []map[string]any `json:"entries"`
	NextCursor *string          `json:"next_cursor"`
}

func (w *world) page(t *testing.T, target string) page {
	t.Helper()
	got := do(w, "GET", target, "")
	var p page
	if err := json.Unmarshal(got.Body.Bytes(), &p); err != nil || got.Code != 200 {
		t.Fatalf("%s: %d %s", target, got.Code, got.Body)
	}
	if !strings.Contains(got.Body.String(), `"next_cursor":`) || strings.Contains(got.Body.String(), `"data":null`) {
		t.Errorf("%s: %s", target, got.Body)
	}
	return p
}

// walk reads a list page by page and returns what each item is called by.
func (w *world) walk(t *testing.T, target string, limit int, name string) (names []string) {
	t.Helper()
	separator := "?"
	if strings.Contains(target, "?") {
		separator = "&"
	}
	target += separator + fmt.Sprintf("limit=%d", limit)
	for next := target; ; {
		p := w.page(t, next)
		items := slices.Concat(p.Data, p.Entries)
		if len(items) > limit {
			t.Fatalf("%s: %d items", next, len(items))
		}
		for _, item := range items {
			names = append(names, fmt.Sprint(item[name]))
		}
		if p.NextCursor == nil {
			return names
		}
		if len(items) < limit {
			t.Errorf("%s: %d items, and more follow", next, len(items))
		}
		next = target + "&cursor=" + url.QueryEscape(*p.NextCursor)
	}
}

// expectPages checks a list in pages of every size.
func (w *world) expectPages(t *testing.T, target, name string, want ...string) {
	t.Helper()
	for _, limit := range []int{1, 2, 3, len(want), len(want) + 1, 1000} {
		if limit == 0 {
			continue
		}
		if got := w.walk(t, target, limit, name); !slices.Equal(got, want) {
			t.Errorf("%s by %d: got %q, want %q", target, limit, got, want)
		}
	}
}

func reversed(items ...string) []string {
	items = slices.Clone(items)
	slices.Reverse(items)
	return items
}

func TestAccountPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, prefix := range prefixes() {
		path := prefix + "/accounts"
		all := w.walk(t, path+"?order=asc", 1000, "id")
		if len(all) != 10 || !slices.Contains(all, "world:USD") {
			t.Fatalf("got %q", all)
		}
		w.expectPages(t, path+"?order=asc", "id", all...)
		w.expectPages(t, path, "id", reversed(all...)...)
		w.expectPages(t, path+"?order=desc", "id", reversed(all...)...)
		for query, want := range map[string][]string{
			"prefix=a":                         {"alice"},
			"prefix=world:":                    {"world:USD", "world:JPY", "world:BTC"},
			"asset=JPY":                        {"world:JPY", "kenji"},
			"asset=EUR":                        nil,
			"asset=DOGE":                       nil,
			"status=frozen":                    {"icy"},
			"status=closed":                    {"shut"},
			"status=open&asset=USD&prefix=b":   {"bob"},
			"metadata.tier=gold":               {"alice"},
			"metadata.tier=gold&status=frozen": nil,
			"metadata.tier=":                   nil,
			"metadata.tier=gold&metadata.x=y":  nil,
			"prefix=ALICE":                     nil,
		} {
			slices.Sort(want)
			got := w.walk(t, path+"?"+query, 1000, "id")
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("%s: got %q, want %q", query, got, want)
			}
		}
		expectJSON(t, do(w, "GET", path+"?asset=EUR", ""), 200, `{"data":[],"next_cursor":null}`)
	}
}

func TestTransactionPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, prefix := range prefixes() {
		var ids []string
		for i := range 7 {
			*w.now = w.now.Add(time.Second)
			ids = append(ids, fmt.Sprintf("t%d", i))
			do(w, "POST", prefix+"/transactions", `{"id":"`+ids[i]+`","from":"alice","to":"bob","amount":"0.01","metadata":{"batch":"é &=","n":"`+fmt.Sprint(i%2)+`"}}`)
		}
		target := prefix + "/transactions?" + url.Values{"metadata.batch": {"é &="}}.Encode()
		w.expectPages(t, target+"&order=asc", "id", ids...)
		w.expectPages(t, target, "id", reversed(ids...)...)
		w.expectPages(t, target+"&metadata.n=1", "id", "t5", "t3", "t1")
		w.expectPages(t, prefix+"/transactions?metadata.order=7", "id", "paid")
		expectJSON(t, do(w, "GET", prefix+"/transactions?metadata.order=8", ""), 200, `{"data":[],"next_cursor":null}`)
	}
}

// TestFindTransactions has lists by what transactions are.
func TestFindTransactions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	start := *w.now
	for i, prefix := range prefixes() {
		path := prefix + "/transactions"
		all := []string{
			"held", "late", "opening:alice", "opening:kenji", "opening:satoshi", "paid", "undo", "undone", "voided",
		}
		for query, want := range map[string][]string{
			"":                                all,
			"?account=alice":                  {"held", "late", "opening:alice", "paid", "undo", "undone", "voided"},
			"?account=kenji":                  {"opening:kenji"},
			"?account=world:USD":              {"opening:alice"},
			"?account=icy":                    nil,
			"?status=pending":                 {"held"},
			"?status=voided":                  {"voided"},
			"?status=expired":                 {"late"},
			"?status=posted&account=bob":      {"paid", "undo", "undone"},
			"?account=bob&metadata.order=7":   {"paid"},
			"?account=kenji&metadata.order=7": nil,
			"?from=" + start.Format(time.RFC3339Nano):                              {"undo"},
			"?to=" + start.Format(time.RFC3339Nano) + "&account=bob&status=posted": {"paid", "undone"},
			"?to=2020-01-01T00:00:00Z":                                             nil,
			"?from=2099-01-01T00:00:00Z":                                           nil,
		} {
			for _, limit := range []int{1, 2, 1000} {
				got := w.walk(t, path+query, limit, "id")
				asc := w.walk(t, path+strings.TrimSuffix("?order=asc&"+strings.TrimPrefix(query, "?"), "&"), limit, "id")
				if !slices.Equal(reversed(asc...), got) {
					t.Errorf("%s: %q, and the other way %q", query, got, asc)
				}
				slices.Sort(got)
				if !slices.Equal(got, want) {
					t.Errorf("%s in ledger %d: got %q, want %q", query, i, got, want)
				}
			}
		}
		expectProblem(t, do(w, "GET", path+"?account=nobody", ""), ledger.ErrNotFound, "", `"nobody"`)
		expectProblem(t, do(w, "GET", path+"?account=nobody&cursor=bm9ib2R5", ""), ledger.ErrNotFound, "", `"nobody"`)
		expectProblem(t, do(w, "GET", path+"?account=alice&cursor=YWxpY2U", ""), ledger.ErrInvalidRequest, "cursor", "next_cursor")
	}
}

func TestEntryPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	start := *w.now
	for _, prefix := range prefixes() {
		*w.now = start
		var seqs []string
		for i := range 5 {
			*w.now = w.now.Add(time.Second)
			do(w, "POST", prefix+"/transactions", fmt.Sprintf(`{"id":"t%d","from":"alice","to":"bob","amount":"0.01"}`, i))
			seqs = append(seqs, fmt.Sprint(4+i))
		}
		all := append([]string{"0", "1", "2", "3"}, seqs...)
		for _, list := range []string{"/entries", "/statement"} {
			path := prefix + "/accounts/alice" + list
			w.expectPages(t, path+"?order=asc", "seq", all...)
			w.expectPages(t, path, "seq", reversed(all...)...)
			at := func(seconds int) string {
				return start.Add(time.Duration(seconds) * time.Second).Format(time.RFC3339Nano)
			}
			w.expectPages(t, path+"?order=asc&from="+at(1), "seq", seqs...)
			w.expectPages(t, path+"?from="+at(2)+"&to="+at(4), "seq", "6", "5")
			w.expectPages(t, path+"?to="+at(3)+"&order=asc", "seq", "0", "1", "2", "3", "4", "5")
			w.expectPages(t, path+"?from="+at(2)+"&to="+at(2), "seq")
			w.expectPages(t, prefix+"/accounts/bob"+list+"?from="+at(5), "seq", "8")
		}
		// Those of a world account come stripe by stripe.
		for i := range 6 {
			do(w, "POST", prefix+"/transactions", fmt.Sprintf(`{"id":"in%d","from":"world:USD","to":"bob","amount":"0.01"}`, i))
		}
		list := prefix + "/accounts/world:USD/entries"
		ids := w.walk(t, list, 1000, "transaction_id")
		if len(ids) != 7 {
			t.Errorf("got %q", ids)
		}
		w.expectPages(t, list, "transaction_id", ids...)
		w.expectPages(t, list+"?order=asc", "transaction_id", reversed(ids...)...)
		w.expectPages(t, prefix+"/accounts/world:USD/statement?order=asc", "transaction_id", reversed(ids...)...)
	}
}

func TestEntriesAndStatements(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, prefix := range prefixes() {
		path := prefix + "/accounts/alice"
		expectGolden(t, do(w, "GET", path+"/entries?limit=2", ""), 200, "entries.json")
		expectGolden(t, do(w, "GET", path+"/statement", ""), 200, "statement.json")
		expectGolden(t, do(w, "GET", path+"/statement?from=2026-01-01T00:00:00Z&to=2026-01-31T09:26:54Z&limit=1&order=asc", ""), 200, "statement_period.json")
		expectJSON(t, do(w, "GET", prefix+"/accounts/icy/entries", ""), 200, `{"data":[],"next_cursor":null}`)
		expectGolden(t, do(w, "GET", prefix+"/accounts/icy/statement?to=2026-01-01T00:00:00Z", ""), 200, "statement_empty.json")
	}
}

func TestTrialBalancePages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, prefix := range prefixes() {
		path := prefix + "/trial-balance"
		expectGolden(t, do(w, "GET", path, ""), 200, "trial_balance.json")
		expectGolden(t, do(w, "GET", path+"?limit=3", ""), 200, "trial_balance_page.json")
		expectGolden(t, do(w, "GET", path+"?recorded_at=2026-01-31T09:26:54Z&limit=1000", ""), 200, "trial_balance_recorded.json")
		expectGolden(t, do(w, "GET", path+"?at=2020-01-01T00:00:00Z", ""), 200, "trial_balance_before.json")

		// The accounts of all pages are those of one, and only the first has totals.
		var ids []string
		pages := 0
		for next := path + "?limit=2"; next != ""; pages++ {
			p := w.page(t, next)
			for _, asset := range p.Data {
				if _, has := asset["balanced"]; has != (pages == 0) {
					t.Errorf("%s: page %d: %v", next, pages, asset)
				}
				for _, account := range asset["accounts"].([]any) {
					ids = append(ids, account.(map[string]any)["account"].(string))
				}
			}
			next = ""
			if p.NextCursor != nil {
				next = path + "?limit=2&cursor=" + *p.NextCursor
			}
		}
		slices.Sort(ids)
		if len(ids) != 10 || len(slices.Compact(ids)) != 10 || pages != 5 {
			t.Errorf("%d pages: %q", pages, ids)
		}
	}
}

func TestAssets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, prefix := range prefixes() {
		path := prefix + "/assets"
		got := do(w, "POST", path, `{"code":"POINTS_1","scale":0}`)
		expectJSON(t, got, 201, `{"code":"POINTS_1","scale":0}`)
		expectReplay(t, got, "")
		for _, again := range []string{`{"scale":0,"code":"POINTS_1"}`, `{"code":"USD","scale":2}`} {
			got = do(w, "POST", path+"/", again)
			expectReplay(t, got, "true")
			if got.Code != 200 {
				t.Errorf("%d %s", got.Code, got.Body)
			}
		}
		expectJSON(t, do(w, "POST", path, `{"code":"WEI","scale":38}`), 201, `{"code":"WEI","scale":38}`)
		expectProblem(t, do(w, "POST", path, `{"code":"USD","scale":3}`), ledger.ErrAssetExists, "scale", "USD")
		all := w.walk(t, path, 1000, "code")
		if !slices.IsSorted(all) || len(all) < 150 || !slices.Contains(all, "POINTS_1") || !slices.Contains(all, "BTC") || !slices.Contains(all, "USD") {
			t.Errorf("got %q", all)
		}
		for _, limit := range []int{1, 7, 100, len(all)} {
			if got := w.walk(t, path, limit, "code"); !slices.Equal(got, all) {
				t.Errorf("by %d: got %q", limit, got)
			}
		}
		if p := w.page(t, path); len(p.Data) != ledger.DefaultLimit || p.NextCursor == nil {
			t.Errorf("without a limit: %d", len(p.Data))
		}
	}
}

func TestLedgers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	names := []string{"main", otherLedger}
	for _, name := range []string{"a", "Z.b_c:d@e-f", strings.Repeat("x", 128), "assets"} {
		got := do(w, "POST", "/v1/ledgers", `{"name":"`+name+`"}`)
		expectJSON(t, got, 201, `{"name":"`+name+`"}`)
		expectReplay(t, got, "")
		got = do(w, "POST", "/v1/ledgers/", `{"name":"`+name+`"}`)
		expectJSON(t, got, 200, `{"name":"`+name+`"}`)
		expectReplay(t, got, "true")
		names = append(names, name)
		// Each has accounts and assets of its own.
		path := "/v1/ledgers/" + name
		expectJSON(t, do(w, "GET", path+"/accounts", ""), 200, `{"data":[],"next_cursor":null}`)
		expectProblem(t, do(w, "POST", path+"/accounts", `{"id":"a1","asset":"BTC"}`), ledger.ErrUnknownAsset, "asset", "BTC")
		expectJSON(t, do(w, "POST", path+"/assets", `{"code":"BTC","scale":3}`), 201, `{"code":"BTC","scale":3}`)
		expectJSON(t, do(w, "POST", path+"/accounts", `{"id":"alice","asset":"USD"}`), 201, accountJSON("alice", "", "0.00", "open", "{}"))
		if got := do(w, "POST", path+"/accounts", `{"id":"satoshi","asset":"BTC","opening_balance":"1"}`); !strings.Contains(got.Body.String(), `"posted":"1.000"`) {
			t.Errorf("%s: %s", name, got.Body)
		}
		if got := do(w, "POST", path+"/transactions", `{"id":"t1","from":"satoshi","to":"world:BTC","amount":"0.001"}`); got.Code != 201 {
			t.Errorf("%s: %s", name, got.Body)
		}
	}
	w.expectPages(t, "/v1/ledgers?order=asc", "name", names...)
	w.expectPages(t, "/v1/ledgers", "name", reversed(names...)...)
	for _, name := range []string{"", " ", "a b", "a/b", "é", "_a", strings.Repeat("x", 129)} {
		expectProblem(t, do(w, "POST", "/v1/ledgers", `{"name":"`+name+`"}`), ledger.ErrInvalidRequest, "name", "should")
	}
	// The server's own ledger is also there by its name.
	if own, named := do(w, "GET", "/v1/accounts/alice", ""), do(w, "GET", "/v1/ledgers/main/accounts/alice", ""); own.Body.String() != named.Body.String() {
		t.Errorf("got %s and %s", own.Body, named.Body)
	}
}
