package transfer

import (
	"errors"
	"strings"
	"time"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/ledger"
)

// item is a line and the request that it is.
type item struct {
	line
	// record is what the line says, or nil if that cannot be read.
	record  *wire.Record
	request ledger.Request
	// asWritten is the request of a line whose hold has expired since it was written, and
	// can only be made as one of the past.
	asWritten *ledger.TransactionRequest
	// part is the amount of a pending transaction to post, whose asset is that of the
	// transaction, which an earlier line may make.
	part *wire.PostPendingRequest
	// ids are the transactions that a step is about, and accounts those that it is about
	// as far as they are known, or nil.
	ids, accounts []string
}

// decode reads a line. If it cannot be read, the item has the error.
func (im *importer) decode(l line) item {
	it := item{line: l}
	if l.err != nil {
		return it
	}
	record, err := wire.DecodeRecord(l.text, im.config.Type)
	if err != nil {
		it.err = ofLine(err)
		return it
	}
	it.record = &record
	return it
}

// resolve makes the request of an item, of the assets that are known by now. It can be
// repeated. If the line is at fault, the item has the error; another failure is resolve's
// own.
func (im *importer) resolve(it *item) error {
	if it.record == nil {
		return nil
	}
	it.request, it.asWritten, it.part = ledger.Request{}, nil, nil
	it.err = ofLine(im.domain(it, *it.record))
	it.ids, it.accounts = im.about(it)
	return im.assets.failed
}

// about returns the transactions that a step is about, and its accounts, or nil if they
// are not known.
func (im *importer) about(it *item) (ids, accounts []string) {
	switch r := it.request; {
	case r.PostPending != nil && r.PostPending.Entries != nil:
		return []string{r.PostPending.Transaction}, accountsOf(r.PostPending.Entries)
	case r.PostPending != nil:
		return []string{r.PostPending.Transaction}, im.made.find(r.PostPending.Transaction)
	case r.VoidPending != nil:
		return []string{r.VoidPending.Transaction}, im.made.find(r.VoidPending.Transaction)
	case r.Reversal != nil && len(it.record.Wrote) > 0:
		for _, e := range it.record.Wrote {
			accounts = append(accounts, e.Account)
		}
		return []string{r.Reversal.ID, r.Reversal.Transaction}, withoutWorld(accounts)
	case r.Reversal != nil:
		return []string{r.Reversal.ID, r.Reversal.Transaction}, im.made.find(r.Reversal.Transaction)
	}
	return nil, nil
}

// ofLine returns why a line cannot be read, in words about a line.
func ofLine(err error) error {
	if e, ok := errors.AsType[*ledger.Error](err); ok && strings.HasPrefix(e.Message, "the body ") {
		// A line is what a body is to /v1.
		said := *e
		said.Message = "the line " + strings.TrimPrefix(e.Message, "the body ")
		return &said
	}
	return err
}

func (im *importer) domain(it *item, record wire.Record) error {
	switch {
	case record.Asset != nil:
		asset := record.Asset.Domain()
		if err := asset.Validate(); err != nil {
			return err
		}
		it.request.Asset = &asset
		return im.assets.register(asset)
	case record.Account != nil:
		request, err := record.Account.DomainOfAnyID(im.assets)
		if err != nil {
			return err
		}
		it.request.Account = &request
		if err := request.Validate(); err != nil {
			return err
		}
		im.assets.learn(request.ID, request.Asset)
	case record.Transaction != nil:
		request, err := record.Transaction.DomainOfAnyID(im.assets)
		if err != nil {
			return err
		}
		it.request.Transaction = &request
		it.renewHold()
		return record.Transaction.Explain(request.Validate())
	case record.Reversal != nil:
		request, err := record.Reversal.DomainOfAnyID(record.Of)
		if err != nil {
			return err
		}
		it.request.Reversal = &request
		return request.Validate()
	case record.Post != nil:
		return im.domainPost(it, record)
	case record.Void != nil:
		it.request.VoidPending = &ledger.VoidPendingRequest{Transaction: record.Of, Actor: record.Void.Actor}
	default:
		status, err := wire.ParseStatus("status", record.Status)
		if err != nil {
			return err
		}
		it.request.Status = &ledger.StatusRequest{Account: record.Of, Status: status}
	}
	return nil
}

func (im *importer) domainPost(it *item, record wire.Record) error {
	if record.Post.Amount != "" && record.Post.Entries == nil {
		it.part = record.Post
		it.request.PostPending = &ledger.PostPendingRequest{Transaction: record.Of, Actor: record.Post.Actor}
		return nil
	}
	request, err := record.Post.Domain(record.Of, nil, im.assets)
	if err != nil {
		return err
	}
	it.request.PostPending = &request
	return request.Validate()
}

// renewHold makes the request of a hold whose time has run out since the line was
// written, and that took effect when it was recorded, one of a hold of the past.
func (it *item) renewHold() {
	request := it.request.Transaction
	if !request.Pending || !request.EffectiveAt.IsZero() || request.ExpiresAt.IsZero() || request.ExpiresAt.After(time.Now()) {
		return
	}
	it.asWritten = new(*request)
	request.EffectiveAt = request.ExpiresAt.Add(-time.Microsecond)
}
