package ledger

import (
	"context"
	"sync"
	"time"
)

// maxKnownTokens is how many tokens are remembered at once.
const maxKnownTokens = 10_000

// tokenCache remembers tokens that were found, and not those that were not, of which
// anybody can make up any number.
type tokenCache struct {
	store TokenStore
	// trust is how long what was found is good for.
	trust time.Duration

	mu    sync.Mutex
	known map[TokenHash]knownToken
	// questions has the latest of those that the store is being asked, for each hash.
	questions map[TokenHash]*tokenQuestion
}

// knownToken is a token as the store had it.
type knownToken struct {
	token StoredToken
	// asked is when the store was asked, by the clock here; token.Now is no earlier.
	asked time.Time
}

// tokenQuestion is a question to the store, which one asks for all who wait for it.
type tokenQuestion struct {
	asked time.Time
	// done is closed when the rest is there.
	done   chan struct{}
	answer knownToken
	err    error
	// left says that whoever asked gave up, so that another has to.
	left bool
}

// find returns the token with the hash as it stood no longer than c.trust ago. That is
// counted from when the store was asked, so that an answer that is slow is not trusted for
// longer.
func (c *tokenCache) find(ctx context.Context, hash TokenHash) (knownToken, error) {
	for {
		if err := ctx.Err(); err != nil {
			return knownToken{}, err
		}
		known, question, isMine := c.lookUp(hash)
		if question == nil {
			return known, nil
		}
		if isMine {
			c.ask(ctx, hash, question)
			return question.answer, question.err
		}
		select {
		case <-question.done:
		case <-ctx.Done():
			return knownToken{}, ctx.Err()
		}
		if !question.left && !question.answer.mayHaveExpired(time.Now()) {
			return question.answer, question.err
		}
	}
}

// lookUp returns the token if it is known, or else the question to wait for, which the
// caller is to ask if it is his.
func (c *tokenCache) lookUp(hash TokenHash) (known knownToken, question *tokenQuestion, isMine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if known, ok := c.known[hash]; ok && now.Sub(known.asked) < c.trust && !known.mayHaveExpired(now) {
		return known, nil, false
	}
	if question := c.questions[hash]; question != nil && now.Sub(question.asked) < c.trust {
		return knownToken{}, question, false
	}
	question = &tokenQuestion{asked: now, done: make(chan struct{})}
	c.questions[hash] = question
	return knownToken{}, question, true
}

// ask asks the store, and tells those who wait.
func (c *tokenCache) ask(ctx context.Context, hash TokenHash, question *tokenQuestion) {
	question.left = true // Should the store panic.
	defer func() {
		c.settle(hash, question)
		close(question.done)
	}()
	token, err := c.store.FindToken(ctx, hash)
	question.answer, question.err = knownToken{token: token, asked: question.asked}, err
	question.left = err != nil && ctx.Err() != nil
}

// settle remembers what the store has answered.
func (c *tokenCache) settle(hash TokenHash, question *tokenQuestion) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.questions[hash] == question {
		delete(c.questions, hash)
	}
	if question.left || question.err != nil {
		return
	}
	known, isKnown := c.known[hash]
	if isKnown && known.asked.After(question.asked) {
		return
	}
	if !isKnown && len(c.known) >= maxKnownTokens {
		for some := range c.known {
			delete(c.known, some) // Any will do: none is trusted for long.
			break
		}
	}
	c.known[hash] = question.answer
}

// mayHaveExpired says whether a token that was good when it was found may have expired by
// now. By then the store's time has moved on by no more than what passed since it was
// asked, and the microsecond that it is rounded down by.
func (k knownToken) mayHaveExpired(now time.Time) bool {
	latest := k.token.Now.Add(now.Sub(k.asked) + time.Microsecond)
	return !k.token.hasExpired(k.token.Now) && k.token.hasExpired(latest)
}
