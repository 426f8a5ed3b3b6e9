package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/console"
)

// stdin is the name of a file that stands for standard input.
const stdin = "-"

// maxFile is the most bytes of a file with one request, several times what a
// transaction of a thousand entries has.
const maxFile = 4 << 20

// transactionFlags are the flags of post and of hold.
type transactionFlags struct {
	isHold               bool
	request              wire.TransactionRequest
	entries              string
	expiresAt            timeFlag
	expiresIn            time.Duration
	effectiveAt          timeFlag
	metadata, conditions []string
	dryRun               bool
}

func (f *transactionFlags) add(command *cobra.Command) {
	flags, r := command.Flags(), &f.request
	flags.StringVar(&r.ID, "id", "", "the `id` of the transaction, which makes repeating it safe; without one it gets a random one")
	flags.StringVar(&r.From, "from", "", "the `account` that is debited")
	flags.StringVar(&r.To, "to", "", "the `account` that is credited")
	flags.StringVar(&r.Amount, "amount", "", "the `amount`, such as 20.00")
	flags.StringVar(&r.Asset, "asset", "", "what the amount is in, as USD or USD/2 (`code`); what the account holds that is debited")
	flags.StringVar(&f.entries, "entries", "", "the `file` with the entries, or a whole transaction, as JSON; - is standard input")
	flags.Var(&f.effectiveAt, "effective-at", "when it happened in business, if that was earlier")
	flags.StringVar(&r.Description, "description", "", "a `text` for people")
	addMetadata(command, &f.metadata, "what to find it by")
	flags.StringVar(&r.Related, "related", "", "the `id` of a transaction that it has to do with")
	flags.BoolVar(&r.UpTo, "up-to", false, "move as much of the amount as the limits of the accounts allow")
	flags.StringArrayVar(&f.conditions, "condition", nil,
		"what must hold, as `WORDS`: account=ID,sequence=N, or account=ID,min_available=AMOUNT, or both; may be given several times")
	flags.StringVar(&r.Actor, "actor", "", "who asks for it (`name`)")
	flags.BoolVar(&f.dryRun, "dry-run", false, "say what would be, and change nothing")
}

// read returns the request that the flags make, with what their file has.
func (f *transactionFlags) read(command *cobra.Command) (request wire.TransactionRequest, err error) {
	request = f.request
	request.Pending, request.EffectiveAt = f.isHold, f.effectiveAt.Time
	if err := notEmpty(command, "id", "from", "to", "amount", "asset", "entries", "related"); err != nil {
		return request, err
	}
	if request.ExpiresAt, err = f.expiry(command); err != nil {
		return request, err
	}
	if request.Metadata, err = parsePairs("metadata", f.metadata); err != nil {
		return request, err
	}
	for _, text := range f.conditions {
		condition, err := parseCondition(text)
		if err != nil {
			return request, err
		}
		request.Conditions = append(request.Conditions, condition)
	}
	if f.entries != "" {
		if request, err = f.withFile(command.InOrStdin(), request); err != nil {
			return request, err
		}
	}
	if request.ID == "" {
		request.ID = newID()
	}
	return request, nil
}

// notEmpty refuses flags that are given and say nothing, as of a variable that is not
// set. An id that is empty would otherwise be a new one each time.
func notEmpty(command *cobra.Command, names ...string) error {
	for _, name := range names {
		if flag := command.Flags().Lookup(name); flag.Changed && flag.Value.String() == "" {
			return usageError(fmt.Errorf("--%s should not be empty", name))
		}
	}
	return nil
}

// withFile returns the request with what its file has. A field may be in both if it
// says the same.
func (f *transactionFlags) withFile(in io.Reader, request wire.TransactionRequest) (wire.TransactionRequest, error) {
	inFile, err := readTransaction(in, f.entries)
	if err != nil {
		return request, err
	}
	if inFile.Pending && !f.isHold {
		return request, usageError(fmt.Errorf("%q asks for a pending transaction: use ledgerctl hold", f.entries))
	}
	request.UpTo = request.UpTo || inFile.UpTo
	request.Entries = inFile.Entries
	into, from := reflect.ValueOf(&request).Elem(), reflect.ValueOf(inFile)
	for i := range into.NumField() {
		own, other := into.Field(i), from.Field(i)
		switch name, _, _ := strings.Cut(into.Type().Field(i).Tag.Get("json"), ","); {
		case name == "pending" || name == "up_to" || name == "entries" || other.IsZero():
		case own.IsZero():
			own.Set(other)
		case !reflect.DeepEqual(own.Interface(), other.Interface()):
			return request, usageError(fmt.Errorf("%q has another %s than the flags; give it once", f.entries, name))
		}
	}
	return request, nil
}

// readTransaction reads a whole transaction, or an array of entries, of which some may
// be missing: what is wrong with it as a whole is for others to say.
func readTransaction(in io.Reader, file string) (wire.TransactionRequest, error) {
	text, err := readText(in, file)
	if err != nil {
		return wire.TransactionRequest{}, err
	}
	if bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("[")) {
		text = append(append([]byte(`{"entries":`), text...), '}')
	}
	request, err := wire.DecodeTransactionRequest(text)
	if err != nil {
		return request, usageError(fmt.Errorf("%q has no transaction: %w", file, err))
	}
	return request, nil
}

// readText reads a small file.
func readText(in io.Reader, file string) ([]byte, error) {
	if file != stdin {
		opened, err := os.Open(file) //nolint:gosec // It is the caller's own file.
		if err != nil {
			return nil, usageError(console.FileError(err))
		}
		defer func() { _ = opened.Close() }() // It was only read.
		in = opened
	}
	text, err := io.ReadAll(io.LimitReader(in, maxFile+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > maxFile:
		return nil, usageError(fmt.Errorf("%q has more than %d MiB: a transaction is smaller", file, maxFile>>20))
	}
	return text, nil
}

// parseCondition reads a condition, as account=alice,sequence=3.
func parseCondition(text string) (condition wire.Condition, err error) {
	wrong := func(reason string) (wire.Condition, error) {
		return wire.Condition{}, usageError(fmt.Errorf("--condition %q %s", text, reason))
	}
	words, err := parsePairs("condition", strings.Split(text, ","))
	if err != nil {
		return wrong("should be as account=alice,sequence=3 or account=alice,min_available=5.00")
	}
	condition = wire.Condition{Account: words["account"], MinAvailable: words["min_available"], Asset: words["asset"]}
	if number, isGiven := words["sequence"]; isGiven {
		sequence, err := strconv.ParseUint(number, 10, 63)
		if err != nil {
			return wrong("should have a whole number as its sequence")
		}
		condition.Sequence = &sequence
	}
	maps.DeleteFunc(words, func(word, _ string) bool {
		return word == "account" || word == "sequence" || word == "min_available" || word == "asset"
	})
	for word := range words {
		return wrong(fmt.Sprintf("has the word %q; it should have account, sequence, min_available and asset", word))
	}
	if condition.Account == "" || condition.Sequence == nil && condition.MinAvailable == "" {
		return wrong("should have an account, and a sequence or a min_available")
	}
	return condition, nil
}
