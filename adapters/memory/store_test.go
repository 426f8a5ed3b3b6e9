package memory_test

import (
	"testing"

	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/ledger"
	"github.com/seed-d432d95b/ledger/ledger/ledgertest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	ledgertest.RunStore(t, func(testing.TB) ledger.Store { return memory.New(memory.Config{}) })
}

func TestTokens(t *testing.T) {
	t.Parallel()
	ledgertest.Tokens(t, func(testing.TB) ledger.TokenStore { return memory.New(memory.Config{}) })
}
