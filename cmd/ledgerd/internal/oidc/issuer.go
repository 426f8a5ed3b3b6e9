package oidc

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

const (
	// keysAge is how old keys may be: the library reads them again when a token has one
	// that it does not know, and so would believe a key that is withdrawn for ever.
	keysAge = 10 * time.Minute
	// renewInterval is how soon after an attempt to renew the keys the next begins. Until
	// one succeeds, the keys that were read stay in use.
	renewInterval = time.Minute
)

// issuer has the keys that an issuer publishes.
type issuer struct {
	url string
	now func() time.Time
	// ctx has the HTTP client, which is how the library is given one.
	ctx context.Context
	// discovering holds an element while somebody asks where the keys are.
	discovering chan struct{}

	mu sync.Mutex
	// keysURL is where the keys are; empty until the issuer has said so.
	keysURL string
	keys    *oidc.RemoteKeySet
	// renewAt is when the keys are to be read anew.
	renewAt time.Time
}

func newIssuer(ctx context.Context, config Config) *issuer {
	client := &http.Client{Transport: newPages(config)}
	return &issuer{
		url: config.Issuer, now: config.Now,
		ctx:         oidc.ClientContext(context.WithoutCancel(ctx), client),
		discovering: make(chan struct{}, 1),
	}
}

// verify returns a token's payload, or why its signature is wrong, or why that cannot be
// told for now.
func (i *issuer) verify(ctx context.Context, token string) (payload []byte, wrong, away error) {
	if away := i.discover(ctx); away != nil {
		return nil, nil, away
	}
	keys, next := i.current()
	if next != nil {
		if payload, wrong, away = verifyWith(ctx, next, token); away == nil {
			i.renewed(next)
			return payload, wrong, nil
		}
	}
	return verifyWith(ctx, keys, token)
}

// verifyWith tells the two ways apart in which the library fails: an error of its own is
// about the signature; that keys cannot be read has an error beneath.
func verifyWith(ctx context.Context, keys *oidc.RemoteKeySet, token string) (payload []byte, wrong, away error) {
	payload, err := keys.VerifySignature(ctx, token)
	if errors.Unwrap(err) != nil {
		return nil, nil, err
	}
	return payload, err, nil
}

// current returns the keys, and those to replace them with if the caller is the one to
// try that: the others need not wait.
func (i *issuer) current() (keys, next *oidc.RemoteKeySet) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if now := i.now(); !now.Before(i.renewAt) {
		i.renewAt = now.Add(renewInterval)
		next = oidc.NewRemoteKeySet(i.ctx, i.keysURL)
	}
	return i.keys, next
}

func (i *issuer) renewed(keys *oidc.RemoteKeySet) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys, i.renewAt = keys, i.now().Add(keysAge)
}

// discover asks the issuer where its keys are, unless it is known. One asks, and the
// others wait for as long as they can.
func (i *issuer) discover(ctx context.Context) error {
	if i.discovered() {
		return nil
	}
	select {
	case i.discovering <- struct{}{}:
		defer func() { <-i.discovering }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if i.discovered() {
		return nil
	}
	// Not with the caller's context: one that hangs up would have the next begin anew.
	provider, err := oidc.NewProvider(i.ctx, i.url) //nolint:contextcheck // See above.
	if err != nil {
		return err
	}
	var document struct {
		KeysURL string `json:"jwks_uri"`
	}
	if err := provider.Claims(&document); err != nil {
		return err
	}
	if document.KeysURL == "" {
		return errors.New("the issuer's description has no jwks_uri")
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keysURL, i.keys = document.KeysURL, oidc.NewRemoteKeySet(i.ctx, document.KeysURL) //nolint:contextcheck // See above.
	i.renewAt = i.now().Add(keysAge)
	return nil
}

func (i *issuer) discovered() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.keysURL != ""
}
