package oidc

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/seed-d432d95b/ledger/ledger"
)

// claims is what a token says, by the exact names: encoding/json would take "Sub" for
// "sub", which an issuer may let others choose.
type claims map[string]json.RawMessage

// principal returns whom the claims are of.
func (c claims) principal(scopePrefix string) (ledger.Principal, error) {
	for name := range c {
		for _, checked := range []string{"iss", "aud", "exp", "nbf"} {
			if name != checked && strings.EqualFold(name, checked) {
				return ledger.Principal{}, refusal(fmt.Sprintf("the JWT has the claim %q beside %s", name, checked), nil)
			}
		}
	}
	var p ledger.Principal
	var err error
	if p.Name, err = c.subject(); err != nil {
		return ledger.Principal{}, refusal("the JWT's sub cannot be an actor", err)
	}
	if p.Ledger, err = c.ledger(); err != nil {
		return ledger.Principal{}, refusal("the JWT's claim ledger is not the name of one", err)
	}
	if p.Role, err = c.role(scopePrefix); err != nil {
		return ledger.Principal{}, refusal("the JWT's scopes cannot be read", err)
	}
	return p, nil
}

// subject returns sub, which is the actor of what is written.
func (c claims) subject() (string, error) {
	subject, err := text(c["sub"])
	if err == nil && len(subject) > ledger.MaxActor {
		err = fmt.Errorf("it should be at most %d bytes long", ledger.MaxActor)
	}
	if err == nil {
		// An actor has what an id may have.
		err = ledger.ValidateID(subject)
	}
	return subject, err
}

// ledger returns the one ledger that the token is for, or "" without such a claim. A
// claim that is there and says nothing is not one for all ledgers.
func (c claims) ledger() (string, error) {
	claim, ok := c["ledger"]
	if !ok {
		return "", nil
	}
	name, err := text(claim)
	if err == nil {
		err = ledger.ValidateLedgerName(name)
	}
	return name, err
}

// role returns the highest role of those that the scopes name. RFC 8693 has them in
// scope, with spaces between; some issuers have them in scp, as that or as an array.
func (c claims) role(prefix string) (ledger.Role, error) {
	var highest ledger.Role
	for _, name := range []string{"scope", "scp"} {
		claim, ok := c[name]
		if !ok {
			continue
		}
		scopes, err := list(claim)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
		for _, scope := range scopes {
			name, ok := strings.CutPrefix(scope, prefix)
			if role, err := ledger.ParseRole(name); ok && err == nil {
				highest = max(highest, role)
			}
		}
	}
	return highest, nil
}

func text(claim json.RawMessage) (string, error) {
	// null, or no claim at all, would leave the string empty and be no error.
	var value *string
	if err := json.Unmarshal(claim, &value); err != nil || value == nil {
		return "", errors.New("it should be a string")
	}
	return *value, nil
}

func list(claim json.RawMessage) ([]string, error) {
	var values []string
	if err := json.Unmarshal(claim, &values); err == nil {
		return values, nil
	}
	value, err := text(claim)
	if err != nil {
		return nil, errors.New("it should be a string or an array of strings")
	}
	return strings.Fields(value), nil
}
