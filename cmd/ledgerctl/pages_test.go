package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/console"
	"github.com/seed-d432d95b/ledger/ledger"
)

// TestAllPages lists what takes several pages.
func TestAllPages(t *testing.T) {
	t.Parallel()
	const accounts, transactions = 1100, 1050
	server := serveMany(t, accounts, transactions)
	for name, test := range map[string]struct {
		args  string
		lines int
	}{
		"accounts":      {"account list --all -o ndjson", accounts + 1},
		"oldest first":  {"account list --all --oldest-first -o ndjson", accounts + 1},
		"history":       {"history account-0 --all -o ndjson", transactions},
		"transactions":  {"transaction list --all -o ndjson", transactions},
		"statement":     {"statement account-0 --all -o csv", 1 + 1 + transactions + 2},
		"trial balance": {"trial-balance --all -o csv", 1 + 1 + accounts + 1},
		"one page":      {"trial-balance --limit 1000 -o csv", 1 + 1 + 1000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := runOK(t, server, strings.Fields(test.args)...)
			lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
			seen := make(map[string]bool)
			for _, line := range lines {
				if seen[line] {
					t.Fatalf("there are two lines %s", line)
				}
				seen[line] = true
			}
			if len(lines) != test.lines {
				t.Errorf("got %d lines, want %d", len(lines), test.lines)
			}
		})
	}
	t.Run("statement as an object", func(t *testing.T) {
		t.Parallel()
		var statement wire.Statement
		if err := json.Unmarshal([]byte(runOK(t, server, "statement", "account-0", "--all", "-o", "json")), &statement); err != nil {
			t.Fatal(err)
		}
		if len(statement.Entries) != transactions || statement.NextCursor != nil || statement.ClosingBalance != "10.50" || !statement.To.IsZero() {
			t.Errorf("got %d entries, cursor %v, closing balance %s, to %s",
				len(statement.Entries), statement.NextCursor, statement.ClosingBalance, statement.To)
		}
	})
	t.Run("trial balance as an object", func(t *testing.T) {
		t.Parallel()
		var balance wire.TrialBalance
		if err := json.Unmarshal([]byte(runOK(t, server, "trial-balance", "--all", "-o", "json")), &balance); err != nil {
			t.Fatal(err)
		}
		if len(balance.Data) != 1 || len(balance.Data[0].Accounts) != accounts+1 || balance.NextCursor != nil {
			t.Errorf("got %d assets, cursor %v", len(balance.Data), balance.NextCursor)
		}
	})
}

// runOK runs ledgerctl on a server, and returns what it printed.
func runOK(t *testing.T, server string, args ...string) string {
	t.Helper()
	var out, said bytes.Buffer
	getenv := func(name string) string { return map[string]string{"LEDGERCTL_SERVER": server}[name] }
	if code := run(t.Context(), args, getenv, console.New(strings.NewReader(""), &out, &said)); code != 0 {
		t.Fatalf("ledgerctl %s: exit code %d: %s", strings.Join(args, " "), code, said.String())
	}
	return out.String()
}

// serveMany serves a ledger with so many accounts, and transactions of 0.01 USD into the
// first of them.
func serveMany(t *testing.T, accounts, transactions int) (url string) {
	t.Helper()
	store := memory.New(memory.Config{})
	books, err := ledger.Open(t.Context(), store, ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	usd := ledger.Asset{Code: "USD", Scale: 2}
	for i := range accounts {
		if _, err := books.OpenAccount(t.Context(), ledger.AccountRequest{ID: fmt.Sprintf("account-%d", i), Asset: usd}); err != nil {
			t.Fatal(err)
		}
	}
	cent, err := usd.Parse("0.01")
	if err != nil {
		t.Fatal(err)
	}
	for i := range transactions {
		deposit := ledger.Deposit{ID: fmt.Sprintf("t-%d", i), Account: "account-0", Asset: usd, Amount: cent}
		if _, err := books.Deposit(t.Context(), deposit); err != nil {
			t.Fatal(err)
		}
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serving := ledgerhttp.NewServer(books, ledgerhttp.Config{Catalog: ledger.NewCatalog(store)})
	served := make(chan error, 1)
	go func() { served <- serving.Serve(listener) }()
	t.Cleanup(func() {
		limited, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
		defer cancel()
		if err := errors.Join(serving.Shutdown(limited), <-served); err != nil {
			t.Error(err)
		}
	})
	return "http://" + listener.Addr().String()
}

// TestHelp checks what all commands should have.
func TestHelp(t *testing.T) {
	t.Parallel()
	root := new(app).rootCommand()
	for _, command := range root.Commands() {
		if command.GroupID == "" && command.Name() != "help" {
			t.Errorf("%s is in no group", command.CommandPath())
		}
		for _, c := range append(command.Commands(), command) {
			isGroup := c.HasSubCommands() || c.Name() == "help"
			if c.Short == "" || c.Args == nil && c.Name() != "help" {
				t.Errorf("%s has no Short or no Args", c.CommandPath())
			}
			if !isGroup && strings.Count(c.Example, "ledgerctl "+strings.TrimPrefix(c.CommandPath(), "ledgerctl ")) < 1 {
				t.Errorf("%s has no example", c.CommandPath())
			}
		}
	}
}
