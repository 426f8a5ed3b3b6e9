package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/cmd/ledgerd/internal/certificate"
	"github.com/seed-d432d95b/ledger/cmd/ledgerd/internal/oidc"
	"github.com/seed-d432d95b/ledger/ledger"
)

// The ways in which callers prove who they are.
const (
	authNone  = "none"
	authToken = "token"
	authOIDC  = "oidc"
)

// accessSettings are about who may enter, and how.
type accessSettings struct {
	// auth has the ways in which callers prove who they are; empty is none, on a loopback
	// address alone.
	auth            []string
	hosts           []string
	oidcIssuer      string
	oidcAudience    string
	oidcScopePrefix string
	tlsCertificate  string
	tlsKey          string
}

func defaultAccess() accessSettings { return accessSettings{oidcScopePrefix: "ledger:"} }

// addFlags defines the flags, whose defaults are what s has.
func (s *accessSettings) addFlags(command *cobra.Command) {
	flags := command.Flags()
	text := func(target *string, kind, name, help string) {
		flags.Var(&setting[string]{target, kind, parseAny, plain}, name, help+" ["+variable(name)+"]")
	}
	flags.Var(&setting[[]string]{&s.auth, "ways", parseAuth, joined},
		"auth", "how callers prove who they are: none, token, oidc, or token,oidc; needed to listen beyond this machine [LEDGERD_AUTH]")
	text(&s.oidcIssuer, "url", "oidc-issuer", "the issuer of the JWTs that --auth oidc believes")
	text(&s.oidcAudience, "name", "oidc-audience", "what those JWTs have as their audience")
	text(&s.oidcScopePrefix, "text", "oidc-scope-prefix", "what their scopes have before read, write or admin")
	text(&s.tlsCertificate, "file", "tls-cert", "the certificate to serve HTTPS with, in PEM; read again when it changes")
	text(&s.tlsKey, "file", "tls-key", "the key of the certificate, in PEM")
	flags.Var(&setting[[]string]{&s.hosts, "names", parseNames, joined},
		"hosts", "names by which it is asked, where there is no --auth; without any, all but on this machine's own addresses [LEDGERD_HOSTS]")
}

// accessFlags are the names of the flags.
func accessFlags() []string {
	return []string{"auth", "oidc-issuer", "oidc-audience", "oidc-scope-prefix", "tls-cert", "tls-key", "hosts"}
}

func joined(words []string) string { return strings.Join(words, ",") }

func parseAuth(text string) ([]string, error) {
	ways := strings.Split(text, ",")
	slices.Sort(ways)
	for _, known := range [][]string{{authNone}, {authToken}, {authOIDC}, {authOIDC, authToken}} {
		if slices.Equal(ways, known) {
			return ways, nil
		}
	}
	return nil, errors.New("should be none, token, oidc, or token,oidc")
}

func parseNames(text string) ([]string, error) {
	names := strings.Split(text, ",")
	for _, name := range names {
		if name == "" || strings.ContainsAny(name, " /:") {
			return nil, errors.New("should be names of hosts, such as ledger.example.com, with commas between")
		}
	}
	return names, nil
}

func (s *accessSettings) has(way string) bool { return slices.Contains(s.auth, way) }

// isOpen says whether everybody who reaches the server may do everything.
func (s *accessSettings) isOpen() bool { return len(s.auth) == 0 || s.has(authNone) }

// check says what is wrong with the settings as a whole.
func (s *accessSettings) check(listen, dsn string) error {
	switch {
	case len(s.auth) == 0 && !isLoopback(listen):
		return fmt.Errorf("%s can be reached from other machines, and nobody would be asked who they are: give --auth token, for tokens of "+
			"ledgerctl token create, or --auth oidc; if everybody who reaches it may do everything, say --auth none", listen)
	case s.has(authToken) && dsn == "":
		return errors.New("--auth token needs a --dsn, for tokens are kept in the database, where ledgerctl token create makes them")
	case s.has(authOIDC) && (s.oidcIssuer == "" || s.oidcAudience == ""):
		return errors.New("--auth oidc needs --oidc-issuer and --oidc-audience")
	case !s.has(authOIDC) && (s.oidcIssuer != "" || s.oidcAudience != ""):
		return errors.New("--oidc-issuer and --oidc-audience need --auth oidc")
	case !s.has(authOIDC) && s.oidcScopePrefix != defaultAccess().oidcScopePrefix:
		return errors.New("--oidc-scope-prefix needs --auth oidc")
	case len(s.hosts) > 0 && !s.isOpen():
		return errors.New("--hosts is for a server without --auth; with it, no host is asked for")
	case (s.tlsCertificate == "") != (s.tlsKey == ""):
		return errors.New("--tls-cert and --tls-key go together")
	}
	if s.has(authOIDC) {
		issuer, err := url.Parse(s.oidcIssuer)
		isLocal := err == nil && issuer.Scheme == "http" && isLoopback(net.JoinHostPort(issuer.Hostname(), "0"))
		if err != nil || issuer.Host == "" || issuer.Scheme != "https" && !isLocal {
			return fmt.Errorf("invalid value %q of --oidc-issuer: should be a URL such as https://issuer.example.com; without TLS only on this machine", s.oidcIssuer)
		}
	}
	return nil
}

// checkListener is [accessSettings.check] for what a name turned out to be.
func (s *accessSettings) checkListener(address net.Addr) error {
	if len(s.auth) > 0 || isLoopback(address.String()) {
		return nil
	}
	return usageError{fmt.Errorf("localhost is %s here, which other machines may reach: give an address such as 127.0.0.1, or say --auth", address)}
}

// isLoopback says whether an address to listen on can be reached from this machine alone.
// A name is looked up by whoever listens, so that none but localhost is sure.
func isLoopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// authenticator returns what says who asks; nil if everybody may do everything.
func (s *accessSettings) authenticator(ctx context.Context, tokens ledger.TokenStore) ledgerhttp.Authenticator {
	var ways eitherWay
	if s.has(authToken) {
		ways.tokens = ledger.NewTokens(tokens, ledger.TokensConfig{})
	}
	if s.has(authOIDC) {
		ways.issuer = oidc.New(context.WithoutCancel(ctx), oidc.Config{
			Issuer: s.oidcIssuer, Audience: s.oidcAudience, ScopePrefix: s.oidcScopePrefix,
		})
	}
	switch {
	case ways.tokens == nil && ways.issuer == nil:
		return nil
	case ways.issuer == nil:
		return ways.tokens
	case ways.tokens == nil:
		return ways.issuer
	default:
		return ways
	}
}

// eitherWay believes tokens of the ledger's own, and those of an issuer.
type eitherWay struct{ tokens, issuer ledgerhttp.Authenticator }

// Authenticate implements [ledgerhttp.Authenticator].
func (w eitherWay) Authenticate(ctx context.Context, token string) (ledger.Principal, error) {
	if strings.HasPrefix(token, ledger.TokenPrefix) {
		return w.tokens.Authenticate(ctx, token)
	}
	return w.issuer.Authenticate(ctx, token)
}

// tls returns how to serve HTTPS; nil is HTTP.
func (s *accessSettings) tls(logger *slog.Logger) (*tls.Config, error) {
	if s.tlsCertificate == "" {
		return nil, nil //nolint:nilnil // There is none.
	}
	files, err := certificate.Load(certificate.Config{CertificateFile: s.tlsCertificate, KeyFile: s.tlsKey, Logger: logger})
	if err != nil {
		return nil, usageError{fmt.Errorf("--tls-cert and --tls-key: %w", err)}
	}
	logger.Info("HTTPS", slog.Time("certificate_ends", files.NotAfter()))
	return files.TLSConfig(), nil
}
