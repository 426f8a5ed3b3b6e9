package wire

import (
	"errors"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Assets tells what an asset's scale is, for requests that name it by its code, or
// by an account that holds it. Neither ever changes.
type Assets interface {
	// ByCode returns the asset, or fails with [ledger.ErrUnknownAsset].
	ByCode(code string) (ledger.Asset, error)
	// ByAccount returns the asset that the account holds, or fails with
	// [ledger.ErrNotFound].
	ByAccount(id string) (ledger.Asset, error)
}

// askAsset asks for the asset that a request names, or for that of the account.
func askAsset(assets Assets, text, account string) {
	// What is wrong is told when the request is read.
	if text == "" {
		_, _ = assets.ByAccount(account)
	} else if asset, hasScale, err := ParseAsset("", text); err == nil && !hasScale {
		_, _ = assets.ByCode(asset.Code)
	}
}

// findAsset reads an asset that the named field of a request has. One with a scale is
// as it says: the domain refuses it if that is not so.
func findAsset(assets Assets, field, text string) (ledger.Asset, error) {
	asset, hasScale, err := ParseAsset(field, text)
	if err != nil || hasScale {
		return asset, err
	}
	asset, err = assets.ByCode(asset.Code)
	if e, ok := errors.AsType[*ledger.Error](err); ok && errors.Is(err, ledger.ErrUnknownAsset) {
		placed := *e
		placed.Field = field
		err = &placed
	}
	return asset, err
}

// Asset is an asset, in a request and in an answer.
type Asset struct {
	Code  string `json:"code"`
	Scale uint8  `json:"scale"`
}

// NewAsset returns the asset as the wire has it.
func NewAsset(a ledger.Asset) Asset { return Asset{Code: a.Code, Scale: a.Scale} }

// Domain returns the asset as the domain has it.
func (a Asset) Domain() ledger.Asset { return ledger.Asset{Code: a.Code, Scale: a.Scale} }

// DecodeAsset reads a body.
func DecodeAsset(body []byte) (Asset, error) {
	return decode(body, func(f *fields) Asset {
		code, scale := f.word("code"), f.number("scale", ledger.MaxScale)
		if code == "" {
			f.fail(invalid("code", "should be given"))
		}
		if scale == nil {
			f.fail(invalid("scale", "should be given"))
			return Asset{}
		}
		return Asset{Code: code, Scale: uint8(*scale)}
	})
}

// Ledger is a ledger of a server, in a request and in an answer.
type Ledger struct {
	Name string `json:"name"`
}

// DecodeLedger reads a body.
func DecodeLedger(body []byte) (Ledger, error) {
	return decode(body, func(f *fields) Ledger {
		name := f.word("name")
		if name == "" {
			f.fail(invalid("name", "should be given"))
		}
		return Ledger{Name: name}
	})
}
