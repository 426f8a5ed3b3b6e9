package openapi_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/adapters/http/internal/openapi"
	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/ledger"
)

// requestShapes and answerShapes are the types of package wire under the names of
// their schemas.
var (
	requestShapes = map[string]any{
		"Ledger": wire.Ledger{}, "Asset": wire.Asset{}, "AccountRequest": wire.AccountRequest{}, "AccountsRequest": wire.AccountsRequest{},
		"AccountChange": wire.AccountChange{}, "IDs": wire.IDs{}, "TransactionRequest": wire.TransactionRequest{},
		"EntryRequest": wire.EntryRequest{}, "Condition": wire.Condition{}, "BatchRequest": wire.BatchRequest{},
		"PostPendingRequest": wire.PostPendingRequest{}, "VoidPendingRequest": wire.VoidPendingRequest{}, "ReversalRequest": wire.ReversalRequest{},
	}
	answerShapes = map[string]any{
		"Account": wire.Account{}, "Balance": wire.Balance{}, "BalanceAt": wire.BalanceAt{}, "AccountEntry": wire.AccountEntry{},
		"Statement": wire.Statement{}, "Totals": wire.Totals{}, "Transaction": wire.Transaction{}, "TransactionEntry": wire.TransactionEntry{},
		"TrialBalance": wire.TrialBalance{}, "AssetBalance": wire.AssetBalance{}, "AccountBalance": wire.AccountBalance{},
		"Problem": wire.Problem{}, "LedgerPage": wire.Page[wire.Ledger]{}, "AssetPage": wire.Page[wire.Asset]{},
		"AccountPage": wire.Page[wire.Account]{}, "EntryPage": wire.Page[wire.AccountEntry]{}, "TransactionPage": wire.Page[wire.Transaction]{},
		"AccountOutcomes": wire.Outcomes{}, "TransactionOutcomes": wire.Outcomes{},
	}
)

// TestShapes holds that the types that the server reads and writes have the fields
// that the schemas have, and of the same JSON types, and that an answer's field is
// required if it is always there.
func TestShapes(t *testing.T) {
	t.Parallel()
	description := readDescription(t)
	for name, shape := range requestShapes {
		schema := description.Schema(name)
		checkShape(t, name, schema, reflect.TypeOf(shape))
		if !schema.IsClosed() {
			t.Errorf("%s: the server refuses unknown fields, and additionalProperties should be false", name)
		}
	}
	for name, shape := range answerShapes {
		checkShape(t, name, description.Schema(name), reflect.TypeOf(shape))
		checkRequired(t, name, description.Schema(name), reflect.TypeOf(shape))
	}
	t.Run("outcomes", func(t *testing.T) {
		t.Parallel()
		var names []string
		for _, name := range []string{"AccountOutcome", "TransactionOutcome"} {
			for _, property := range description.Schema(name).Properties {
				names = append(names, property.Name)
			}
		}
		slices.Sort(names)
		want := slices.Sorted(maps.Keys(fieldsOf(reflect.TypeFor[wire.Outcome]())))
		if got := slices.Compact(names); !slices.Equal(got, want) {
			t.Errorf("the schemas have %q, the type %q", got, want)
		}
	})
}

// TestEveryShapeIsChecked holds that no object of the schemas is left out.
func TestEveryShapeIsChecked(t *testing.T) {
	t.Parallel()
	for _, schema := range readDescription(t).Components.Schemas {
		_, isRequest := requestShapes[schema.Name]
		_, isAnswer := answerShapes[schema.Name]
		// Those of /users are written by hand, and have no types.
		ofUsers := strings.Contains(schema.Name, "User") || strings.HasSuffix(schema.Name, "Envelope") || schema.Name == "AddRequest"
		isOutcome := strings.HasSuffix(schema.Name, "Outcome")
		if isObject := len(schema.Value.Properties) > 0; isObject && !isRequest && !isAnswer && !ofUsers && !isOutcome {
			t.Errorf("%s has no type", schema.Name)
		}
	}
}

func fieldsOf(shape reflect.Type) map[string]reflect.StructField {
	fields := make(map[string]reflect.StructField)
	for field := range shape.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		fields[name] = field
	}
	return fields
}

func checkShape(t *testing.T, name string, schema *openapi.Schema, shape reflect.Type) {
	t.Helper()
	if schema == nil {
		t.Errorf("there is no schema %s", name)
		return
	}
	fields := fieldsOf(shape)
	for _, property := range schema.Properties {
		field, ok := fields[property.Name]
		if !ok {
			t.Errorf("%s.%s is not in %s", name, property.Name, shape)
			continue
		}
		delete(fields, property.Name)
		if got, want := property.Value.End().Type[0], jsonType(field.Type); got != want {
			t.Errorf("%s.%s: is of type %s, in %s %s", name, property.Name, got, shape, want)
		}
	}
	for field := range fields {
		t.Errorf("%s: the schema lacks %s", name, field)
	}
}

func checkRequired(t *testing.T, name string, schema *openapi.Schema, shape reflect.Type) {
	t.Helper()
	for field, of := range fieldsOf(shape) {
		always := !strings.Contains(of.Tag.Get("json"), ",omit")
		if always != slices.Contains(schema.Required, field) {
			t.Errorf("%s.%s: required: %t, always there: %t", name, field, !always, always)
		}
	}
}

func jsonType(shape reflect.Type) string {
	switch shape.Kind() {
	case reflect.Pointer:
		return jsonType(shape.Elem())
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Slice:
		return "array"
	case reflect.Struct:
		if shape == reflect.TypeFor[time.Time]() {
			return "string"
		}
		return "object"
	case reflect.Map:
		return "object"
	default:
		return "integer"
	}
}

// TestLimits holds that the limits of the schemas are those of the domain.
func TestLimits(t *testing.T) {
	t.Parallel()
	description := readDescription(t)
	property := func(schema, name string) *openapi.Schema {
		value, ok := description.Schema(schema).Properties.Find(name)
		if !ok {
			t.Fatalf("there is no %s.%s", schema, name)
		}
		return value.End()
	}
	limit := description.Components.Parameters["limit"].Schema
	for name, of := range map[string]struct {
		got  *int64
		want int64
	}{
		"ID":                           {description.Schema("ID").MaxLength, ledger.MaxID},
		"AccountRequest.name":          {property("AccountRequest", "name").MaxLength, ledger.MaxName},
		"AccountChange.name":           {property("AccountChange", "name").MaxLength, ledger.MaxName},
		"AccountsRequest.accounts":     {property("AccountsRequest", "accounts").MaxItems, ledger.MaxBatch},
		"IDs.ids":                      {property("IDs", "ids").MaxItems, ledger.MaxBatch},
		"TransactionRequest.entries":   {property("TransactionRequest", "entries").MaxItems, ledger.MaxEntries},
		"TransactionRequest.condition": {property("TransactionRequest", "conditions").MaxItems, ledger.MaxConditions},
		"BatchRequest.transactions":    {property("BatchRequest", "transactions").MaxItems, ledger.MaxBatch},
		"Description":                  {description.Schema("Description").MaxLength, ledger.MaxDescription},
		"Actor":                        {description.Schema("Actor").MaxLength, ledger.MaxActor},
		"Asset.scale":                  {property("Asset", "scale").Maximum, ledger.MaxScale},
		"Metadata":                     {description.Schema("Metadata").MaxProperties, ledger.MaxMetadata},
		"limit":                        {limit.Maximum, ledger.MaxLimit},
	} {
		if of.got == nil || *of.got != of.want {
			t.Errorf("%s: the limit should be %d", name, of.want)
		}
	}
	if want := fmt.Sprint(ledger.DefaultLimit); limit.Default != want {
		t.Errorf("limit: the default is %s, want %s", limit.Default, want)
	}
}
