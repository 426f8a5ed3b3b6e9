package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/console"
	"github.com/seed-d432d95b/ledger/ledger"
)

func (a *app) tokenCommand() *cobra.Command {
	command := group("token", "Make, list and revoke the tokens that a server asks for",
		a.tokenCreateCommand(), a.tokenListCommand(), a.tokenRevokeCommand())
	command.GroupID = groupSystem
	command.Long = `Make, list and revoke the tokens by which programs prove to ledgerd --auth token who they
are. They are kept in the database, so these commands need one, by --dsn.`
	return command
}

// tokenRecord is a token as it is printed.
type tokenRecord struct {
	Name      string     `json:"name"`
	Role      string     `json:"role"`
	Ledger    string     `json:"ledger"`
	Status    string     `json:"status"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt *time.Time `json:"expires_at"`
	RevokedAt *time.Time `json:"revoked_at"`
}

func newTokenRecord(t ledger.Token) tokenRecord {
	r := tokenRecord{Name: t.Name, Role: t.Role.String(), Ledger: t.Ledger, Status: "active", CreatedAt: t.CreatedAt}
	if !t.ExpiresAt.IsZero() {
		r.ExpiresAt = &t.ExpiresAt
		if !time.Now().Before(t.ExpiresAt) {
			r.Status = "expired"
		}
	}
	if !t.RevokedAt.IsZero() {
		r.RevokedAt, r.Status = &t.RevokedAt, "revoked"
	}
	return r
}

func tokenColumns() []console.Column[tokenRecord] {
	moment := func(at *time.Time) string {
		if at == nil {
			return ""
		}
		return console.Time(*at)
	}
	return []console.Column[tokenRecord]{
		{Name: "name", Value: func(t tokenRecord) string { return t.Name }},
		{Name: "role", Value: func(t tokenRecord) string { return t.Role }},
		{Name: "ledger", Value: func(t tokenRecord) string { return t.Ledger }},
		{Name: "status", Value: func(t tokenRecord) string { return t.Status }},
		{Name: "created_at", Value: func(t tokenRecord) string { return console.Time(t.CreatedAt) }},
		{Name: "expires_at", Value: func(t tokenRecord) string { return moment(t.ExpiresAt) }},
		{Name: "revoked_at", Value: func(t tokenRecord) string { return moment(t.RevokedAt) }},
	}
}

// onTokens calls a function with the tokens of the database.
func (a *app) onTokens(command *cobra.Command, use func(*target, *ledger.Tokens) error) error {
	return a.onDatabase(command.Context(), func(t *target) error {
		return explainDatabase(use(t, ledger.NewTokens(t.store, ledger.TokensConfig{})))
	})
}

func (a *app) tokenCreateCommand() *cobra.Command {
	var role string
	var allLedgers bool
	var expiresAt timeFlag
	var expiresIn time.Duration
	command := &cobra.Command{
		Use:   "create NAME",
		Short: "Make a token, and print its secret",
		Long: `Make a token, and print its secret, once: only its hash is stored. What the token writes
has its name as the actor, so a name is never given again, even once the token is revoked.

The roles are read; write, which opens and changes accounts and moves money; and admin,
which opens ledgers and registers assets, too. The token is for the one ledger that --ledger,
its variable or the context names, and for all where none of them does; --all-ledgers makes
it one for all whatever they say.`,
		Example: `  ledgerctl token create shop --role write --ledger eu
  TOKEN=$(ledgerctl token create report --role read --expires-in 720h)
  ledgerctl token create audit --role read --expires-at 2026-12-31 -o json`,
		Args: exactArgs("the NAME of the token"),
		RunE: func(command *cobra.Command, args []string) error {
			request := ledger.TokenRequest{Name: args[0], ExpiresAt: expiresAt.Time}
			var err error
			if role == "" {
				return usageError(errors.New("--role should say what the token may do: read, write or admin"))
			}
			if request.Role, err = ledger.ParseRole(role); err != nil {
				return usageError(fmt.Errorf("invalid value %q of --role: should be read, write or admin", role))
			}
			if command.Flags().Changed("expires-in") {
				if expiresIn <= 0 {
					return usageError(errors.New("--expires-in should be positive, such as 720h"))
				}
				request.ExpiresAt = time.Now().Add(expiresIn)
			}
			if request.Ledger, err = a.ledgerOfToken(command, allLedgers); err != nil {
				return err
			}
			return a.onTokens(command, func(t *target, tokens *ledger.Tokens) error {
				if request.Ledger != "" {
					// A token for a ledger that is not there would be one for a slip of the pen.
					if _, err := t.findLedger(command.Context(), request.Ledger); err != nil {
						return err
					}
				}
				secret, token, err := tokens.Create(command.Context(), request)
				if err != nil {
					return err
				}
				return a.printSecret(secret, token)
			})
		},
	}
	command.Flags().BoolVar(&allLedgers, "all-ledgers", false, "make it one for all ledgers, whatever LEDGERCTL_LEDGER or the context says")
	command.Flags().StringVar(&role, "role", "", "what it may do: read, write or admin")
	command.Flags().Var(&expiresAt, "expires-at", "when it ends by itself")
	command.Flags().DurationVar(&expiresIn, "expires-in", 0, "how long it lasts, such as 720h, by this machine's clock")
	command.MarkFlagsMutuallyExclusive("expires-at", "expires-in")
	completeFlag(command, "role", "read", "write", "admin")
	return command
}

// ledgerOfToken returns the one ledger that a token is asked for, or nothing for all. What
// names a ledger narrows the token, wherever it stands, as it narrows other commands.
func (a *app) ledgerOfToken(command *cobra.Command, all bool) (string, error) {
	// As of a script whose variable is unset.
	if err := notEmpty(command, "ledger"); err != nil {
		return "", err
	}
	if !all {
		return a.settings.Ledger, nil
	}
	if command.Flags().Lookup("ledger").Changed {
		return "", usageError(errors.New("--ledger and --all-ledgers cannot be given together"))
	}
	return "", nil
}

// createdToken is a token with its secret.
type createdToken struct {
	tokenRecord
	Secret string `json:"secret"`
}

// printSecret prints the secret: for people and scripts alone on standard output.
func (a *app) printSecret(secret string, token ledger.Token) error {
	created := createdToken{newTokenRecord(token), secret}
	if a.settings.Output != console.Table {
		columns := []console.Column[createdToken]{{Name: "secret", Value: func(t createdToken) string { return t.Secret }}}
		for _, column := range tokenColumns() {
			columns = append(columns, console.Column[createdToken]{Name: column.Name, Value: func(t createdToken) string { return column.Value(t.tokenRecord) }})
		}
		return lostSecret(token, console.One(a.console, a.settings.Output, columns, created))
	}
	where := "all ledgers"
	if token.Ledger != "" {
		where = fmt.Sprintf("ledger %q", token.Ledger)
	}
	until := ""
	if !token.ExpiresAt.IsZero() {
		until = " until " + console.Time(token.ExpiresAt)
	}
	a.console.Note("token %q has role %s for %s%s; keep its secret, which is not shown again", token.Name, token.Role, where, until)
	_, err := fmt.Fprintln(a.console.Out, secret)
	return lostSecret(token, err)
}

// lostSecret adds what to do to why a secret was not printed.
func lostSecret(token ledger.Token, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("token %q was made, but its secret is lost; revoke it, and make one of another name: %w", token.Name, err)
}

func (a *app) tokenListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List all tokens, by name",
		Example: `  ledgerctl token list
  ledgerctl token list -o json`,
		Args: exactArgs(),
		RunE: func(command *cobra.Command, _ []string) error {
			return a.onTokens(command, func(_ *target, tokens *ledger.Tokens) error {
				return console.List(a.console, a.settings.Output, tokenColumns(), func(yield func(tokenRecord, error) bool) {
					after := ""
					for more := true; more; {
						var page []ledger.Token
						var err error
						if page, more, err = tokens.Find(command.Context(), after, ledger.MaxLimit); err != nil {
							yield(tokenRecord{}, err)
							return
						}
						for _, token := range page {
							after = token.Name
							if !yield(newTokenRecord(token), nil) {
								return
							}
						}
					}
				})
			})
		},
	}
}

func (a *app) tokenRevokeCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "revoke NAME",
		Short: "End a token",
		Long: `End a token. Servers feel it within five seconds. It stays in the list, and its name is
never given again.`,
		Example: `  ledgerctl token revoke shop
  ledgerctl token revoke shop -o json`,
		Args: exactArgs("the NAME of the token"),
		RunE: func(command *cobra.Command, args []string) error {
			return a.onTokens(command, func(_ *target, tokens *ledger.Tokens) error {
				token, err := tokens.Revoke(command.Context(), args[0])
				if err != nil {
					return err
				}
				return console.One(a.console, a.settings.Output, tokenColumns(), newTokenRecord(token))
			})
		},
	}
}
