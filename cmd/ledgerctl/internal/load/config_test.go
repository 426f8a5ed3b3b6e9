package load_test

import (
	"math"
	"strings"
	"testing"

	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/load"
	"github.com/seed-d432d95b/ledger/ledger"
)

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	taken := open(t)
	if _, err := taken.OpenAccount(t.Context(), ledger.AccountRequest{ID: "bench-1", Asset: ledger.Asset{Code: "EUR", Scale: 2}}); err != nil {
		t.Fatal(err)
	}
	services := []ledger.Service{taken}
	for want, config := range map[string]load.Config{
		"no service":            {},
		"use another ledger":    {Services: services},
		"need two accounts":     {Services: services, Accounts: 1, Mix: mix(t, "transfer")},
		"accounts should be":    {Services: services, Accounts: load.MaxAccounts + 1},
		"accounts are taken by": {Services: services, Spread: "even"},
		"callers should be":     {Services: services, Callers: -1},
		"rate should be":        {Services: services, Rate: math.NaN()},
		"less than no time":     {Services: services, Duration: -1},
		"count should not":      {Services: services, Count: -1},
		"weight of deposit":     {Services: services, Mix: load.Mix{-1, 2}},
	} {
		if _, err := load.Run(t.Context(), config); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
		}
	}
}

func TestParseMix(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"deposit=60,transfer=20,hold=10,read=10": "deposit=60,transfer=20,hold=10,read=10",
		"read=10, deposit=1":                     "deposit=1,read=10",
		"hold":                                   "hold",
		"hold=3,read=0":                          "hold",
	} {
		if got := mix(t, text).String(); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"":                      "is no operation",
		"withdraw":              "is no operation",
		"deposit=1,deposit=2":   "twice",
		"deposit=1,read":        "has no weight",
		"deposit=":              "whole number",
		"deposit=-1":            "whole number",
		"deposit=0":             "no operation",
		"deposit=1000001":       "whole number",
		"deposit=1,":            "is no operation",
		"deposit=1.5,transfer=": "whole number",
	} {
		if _, err := load.ParseMix(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
