package http_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/ledger"
)

const streamPath = "/v1/transactions/stream"

func streamRequest(body io.Reader) *http.Request {
	request := httptest.NewRequest(http.MethodPost, streamPath, body)
	request.Header.Set("Content-Type", "application/x-ndjson")
	return request
}

// stream sends a stream to a handler in process and returns the outcomes.
func stream(t *testing.T, handler http.Handler, body io.Reader) []wire.Outcome {
	t.Helper()
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, streamRequest(body))
	if recorder.Code != http.StatusOK || recorder.Header().Get("Content-Type") != "application/x-ndjson" {
		t.Fatalf("%d %v %s", recorder.Code, recorder.Header(), recorder.Body)
	}
	return outcomesIn(t, recorder.Body)
}

func outcomesIn(t *testing.T, body io.Reader) []wire.Outcome {
	t.Helper()
	var outcomes []wire.Outcome
	lines := bufio.NewReader(body)
	for {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF && len(line) == 0 {
			return outcomes
		}
		if err != nil {
			t.Fatalf("after %d outcomes: %q, %v", len(outcomes), line, err)
		}
		outcomes = append(outcomes, outcomeIn(t, line))
	}
}

func outcomeIn(t *testing.T, line []byte) (outcome wire.Outcome) {
	t.Helper()
	if err := json.Unmarshal(line, &outcome); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	return outcome
}

// depositLine is a deposit of 1 USD to the demo user.
func depositLine(id string) string {
	return `{"id":"` + id + `","from":"world:USD","to":"` + demoUser + `","amount":"1.00"}` + "\n"
}

// summary is an outcome in short: its status, then the transaction's id, or the code,
// the field and the account of the error.
func summary(o wire.Outcome) string {
	if o.Error != nil {
		return strings.TrimSpace(fmt.Sprintf("%d %s %s", o.Status, o.Error.Code, o.Error.Field))
	}
	return fmt.Sprintf("%d %s", o.Status, o.Transaction.ID)
}

// TestStream sends lines of every kind. Each has its outcome, sees what those before
// did, and stops none of those after.
func TestStream(t *testing.T) {
	t.Parallel()
	service := newLedger(t)
	open(t, service, ledger.AccountRequest{ID: "poor", Asset: usd})
	open(t, service, ledger.AccountRequest{ID: "frozen", Asset: usd})
	setStatus(t, service, "frozen", ledger.StatusFrozen)
	handler := ledgerhttp.NewHandler(service, ledgerhttp.Config{})
	pay := func(id, from, to, amount string) string {
		return fmt.Sprintf(`{"id":%q,"from":%q,"to":%q,"amount":%q}`, id, from, to, amount)
	}
	lines := []struct{ line, want string }{
		{pay("a", demoUser, "poor", "40.00"), "201 a"},
		{pay("b", "poor", demoUser, "40.01"), "422 insufficient_funds"},
		{pay("c", "poor", demoUser, "40"), "201 c"},
		{pay("a", demoUser, "poor", "40.00"), "200 a"},
		{pay("a", demoUser, "poor", "40.01"), "409 transaction_conflict"},
		{"\r", ""},
		{pay("d", "nobody", "poor", "1"), "404 not_found"},
		{pay("d", demoUser, "nobody", "1"), "404 not_found"},
		{pay("d", demoUser, "frozen", "1"), "422 account_frozen"},
		{pay("d", demoUser, "poor", "0.001"), "400 invalid_request amount"},
		{pay("d", demoUser, "poor", "0"), "400 invalid_request amount"},
		{pay("", demoUser, "poor", "1"), "400 invalid_request id"},
		{`{"from":"x","to":"y","amount":"1"}`, "400 invalid_request id"},
		{`{"id":"d","from":"poor","to":"poor","amount":"1"}`, "400 invalid_request to"},
		{`{"id":"d"}`, "400 invalid_request entries"},
		{"{", "400 invalid_request"},
		{"null", "400 invalid_request"},
		{"[]", "400 invalid_request"},
		{`"d"`, "400 invalid_request"},
		{"{} {}", "400 invalid_request"},
		{" \t ", ""},
		{"\xff", "400 invalid_request"},
		{"{\"id\":\"\xff\"}", "400 invalid_request"},
		{`{"id":1}`, "400 invalid_request id"},
		{`{"id":"d","entries":[{"account":"poor","side":"debit","amount":1}]}`, "400 invalid_request entries[0].amount"},
		{`{"id":"d","amuont":"1"}`, "400 invalid_request amuont"},
		{"", ""},
		{`{"id":"d","from":"world:USD","to":"poor","amount":"1","asset":"XYZ"}`, "422 unknown_asset asset"},
		{`{"id":"e","entries":[{"account":"world:USD","side":"debit","amount":"2.00"},{"account":"poor","side":"credit","amount":"2.00"}]}` + "\r", "201 e"},
		{pay("f", "poor", demoUser, "2.00"), "201 f"},
	}
	var body strings.Builder
	var want []string
	for i, l := range lines {
		body.WriteString(l.line)
		if i < len(lines)-1 {
			body.WriteByte('\n')
		}
		if l.want != "" {
			want = append(want, l.want)
		}
	}
	outcomes := stream(t, handler, strings.NewReader(body.String()))
	for i, o := range outcomes {
		if i < len(want) && summary(o) != want[i] {
			t.Errorf("outcome %d: %s, want %s", i, summary(o), want[i])
		}
		if (o.Error == nil) != (o.Status < 400) || o.Error != nil && (o.Error.Status != o.Status || o.Error.RequestID == "") {
			t.Errorf("outcome %d: %+v", i, o)
		}
	}
	if len(outcomes) != len(want) {
		t.Fatalf("%d outcomes for %d lines", len(outcomes), len(want))
	}
	if e := outcomes[6].Error; e.Account != "nobody" || e.Transaction != "d" {
		t.Errorf("a line that names an account that is not there: %+v", e)
	}
	if got := do(handler, http.MethodGet, "/v1/accounts/"+demoUser, "").Body.String(); !strings.Contains(got, `"posted":"102.00"`) {
		t.Error(got)
	}
}

func TestStreamOfNothing(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "\n", " \r\n\n"} {
		if outcomes := stream(t, newHandler(t), strings.NewReader(body)); len(outcomes) != 0 {
			t.Errorf("%q: %v", body, outcomes)
		}
	}
}

// TestStreamIsAnID asks for a transaction whose id is the stream's path.
func TestStreamIsAnID(t *testing.T) {
	t.Parallel()
	handler := newHandler(t)
	if got := do(handler, http.MethodGet, streamPath, ""); got.Code != http.StatusNotFound {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	if outcomes := stream(t, handler, strings.NewReader(depositLine("stream"))); summary(outcomes[0]) != "201 stream" {
		t.Errorf("%+v", outcomes[0])
	}
	if got := do(handler, http.MethodGet, streamPath, ""); got.Code != http.StatusOK || !strings.Contains(got.Body.String(), `"id":"stream"`) {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	got := do(handler, http.MethodPut, streamPath, "")
	if allow := got.Header().Get("Allow"); got.Code != http.StatusMethodNotAllowed || allow != "GET, HEAD, OPTIONS, POST" {
		t.Errorf("%d, Allow: %s", got.Code, allow)
	}
}

// TestStreamRefused has what is wrong before the first line answered as everywhere.
func TestStreamRefused(t *testing.T) {
	t.Parallel()
	handler := newHandler(t)
	for name, test := range map[string]struct {
		path, contentType, want string
	}{
		"no content type": {streamPath, "", "415 unsupported_media_type"},
		"JSON":            {streamPath, "application/json", "415 unsupported_media_type"},
		"a parameter":     {streamPath + "?dry_run=true", "application/x-ndjson", "400 invalid_request"},
		"another ledger":  {"/v1/ledgers/other/transactions/stream", "application/x-ndjson", "404 not_found"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := httptest.NewRequest(http.MethodPost, test.path, strings.NewReader(depositLine("a")))
			request.Header.Set("Content-Type", test.contentType)
			recorder := httptest.NewRecorder()
			handler.ServeHTTP(recorder, request)
			var problem wire.Problem
			if err := json.Unmarshal(recorder.Body.Bytes(), &problem); err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprintf("%d %s", recorder.Code, problem.Code); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
			if got := recorder.Header().Get("Content-Type"); got != "application/problem+json" {
				t.Errorf("Content-Type: %s", got)
			}
		})
	}
	for _, contentType := range []string{"application/ndjson", "application/jsonl", "Application/X-NDJSON; charset=utf-8"} {
		request := streamRequest(strings.NewReader(depositLine("a")))
		request.Header.Set("Content-Type", contentType)
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		if recorder.Code != http.StatusOK {
			t.Errorf("%s: %d", contentType, recorder.Code)
		}
	}
}

// TestStreamLineLimit has lines of as many bytes as are allowed, of one more, and of
// many more.
func TestStreamLineLimit(t *testing.T) {
	t.Parallel()
	const limit = 1 << 20
	padded := func(id string, n int) string {
		line := strings.TrimSuffix(depositLine(id), "\n")
		return line + strings.Repeat(" ", n-len(line))
	}
	body := strings.Join([]string{
		padded("a", limit), padded("b", limit) + "\r", padded("c", limit+1), padded("d", limit+1) + "\r",
		strings.Repeat("x", 5*limit), padded("e", 70_000), padded("f", limit+1),
	}, "\n")
	want := []string{"201 a", "201 b", "413 too_large", "413 too_large", "413 too_large", "201 e", "413 too_large"}
	var got []string
	for _, o := range stream(t, newHandler(t), strings.NewReader(body)) {
		got = append(got, summary(o))
	}
	if strings.Join(got, ", ") != strings.Join(want, ", ") {
		t.Errorf("%q, want %q", got, want)
	}
}

// batches is a service that notes how large the batches are that it posts.
type batches struct {
	ledger.Service
	lines, entries []int
}

func (b *batches) PostBatch(ctx context.Context, requests []ledger.TransactionRequest) ([]ledger.Outcome, error) {
	entries := 0
	for i := range requests {
		entries += len(requests[i].Entries)
	}
	b.lines, b.entries = append(b.lines, len(requests)), append(b.entries, entries)
	return b.Service.PostBatch(ctx, requests)
}

// TestStreamOrder has many more lines than a batch, each with the number of its entry.
func TestStreamOrder(t *testing.T) {
	t.Parallel()
	const n = 4321
	service := &batches{Service: newLedger(t)}
	handler := ledgerhttp.NewHandler(service, ledgerhttp.Config{})
	var body strings.Builder
	for i := range n {
		body.WriteString(depositLine(fmt.Sprintf("t%d", i)))
	}
	outcomes := stream(t, handler, strings.NewReader(body.String()))
	if len(outcomes) != n {
		t.Fatalf("%d outcomes of %d lines", len(outcomes), n)
	}
	for i, o := range outcomes {
		if want := fmt.Sprintf("201 t%d", i); summary(o) != want || *o.Transaction.Entries[1].Seq != uint64(i+1) {
			t.Fatalf("outcome %d: %s with entry %d", i, summary(o), *o.Transaction.Entries[1].Seq)
		}
	}
	if most := slices.Max(service.lines); most > ledger.MaxBatch || len(service.lines) > n/10 {
		t.Errorf("%d batches of up to %d lines", len(service.lines), most)
	}
}

// TestStreamBatchEntries has transactions of so many entries that fewer make a batch,
// and a ledger that takes its time, so that batches become as large as they may.
func TestStreamBatchEntries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const n, entries = 40, 600
		service := &batches{Service: faultyBatches{newLedger(t), func(context.Context, []ledger.TransactionRequest) error {
			time.Sleep(time.Second)
			return nil
		}}}
		handler := ledgerhttp.NewHandler(service, ledgerhttp.Config{})
		var body strings.Builder
		for i := range n {
			fmt.Fprintf(&body, `{"id":"t%d","entries":[{"account":"world:USD","side":"debit","amount":"%d"}`, i, entries-1)
			for range entries - 1 {
				body.WriteString(`,{"account":"` + demoUser + `","side":"credit","amount":"1"}`)
			}
			body.WriteString("]}\n")
		}
		for i, o := range stream(t, handler, strings.NewReader(body.String())) {
			if want := fmt.Sprintf("201 t%d", i); summary(o) != want {
				t.Fatalf("outcome %d: %s", i, summary(o))
			}
		}
		if most := slices.Max(service.entries); most > ledger.MaxBatchEntries || most < ledger.MaxBatchEntries-entries {
			t.Errorf("a batch of %d entries", most)
		}
	})
}

// TestStreamBatchBytes has lines so long that few make a batch, so that what a stream
// holds has a limit.
func TestStreamBatchBytes(t *testing.T) {
	t.Parallel()
	service := &batches{Service: newLedger(t)}
	handler := ledgerhttp.NewHandler(service, ledgerhttp.Config{})
	var body strings.Builder
	for i := range 20 {
		body.WriteString(strings.TrimSpace(depositLine(fmt.Sprintf("t%d", i))) + strings.Repeat(" ", 400_000) + "\n")
	}
	if outcomes := stream(t, handler, strings.NewReader(body.String())); len(outcomes) != 20 {
		t.Errorf("%d outcomes", len(outcomes))
	}
	if most := slices.Max(service.lines); most > 2 {
		t.Errorf("a batch of %d lines", most)
	}
}
