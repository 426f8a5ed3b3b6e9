-- Who may enter. A token's row is inserted and never changed; its end before its time is
-- a row of its own.
CREATE TABLE ledger.tokens (
    name       text        COLLATE "C" PRIMARY KEY,
    hash       bytea       NOT NULL UNIQUE,
    role       smallint    NOT NULL,
    ledger     text        COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    CHECK (octet_length(name) BETWEEN 1 AND 128 AND octet_length(hash) = 32 AND role IN (1, 2, 3)
        AND octet_length(ledger) <= 128 AND (expires_at IS NULL OR expires_at > created_at))
);
COMMENT ON TABLE  ledger.tokens            IS 'Tokens of programs. Never changed, never deleted: a name is an actor, and is never given again.';
COMMENT ON COLUMN ledger.tokens.name       IS 'What transactions.actor has of what the token wrote.';
COMMENT ON COLUMN ledger.tokens.hash       IS 'SHA-256 of the secret, which is 260 random bits and stored nowhere.';
COMMENT ON COLUMN ledger.tokens.role       IS '1 read, 2 write, 3 admin; each may do what those before it may.';
COMMENT ON COLUMN ledger.tokens.ledger     IS 'Name of the one ledger that it is for; empty is all of them.';
COMMENT ON COLUMN ledger.tokens.created_at IS 'When it was made.';
COMMENT ON COLUMN ledger.tokens.expires_at IS 'When it ends by itself; null is never.';
COMMENT ON INDEX  ledger.tokens_pkey       IS 'Each name once. Lists tokens in its order, a page being a range.';
COMMENT ON INDEX  ledger.tokens_hash_key   IS 'Finds the token of a request, once in some seconds for each token and program.';

CREATE TABLE ledger.revocations (
    token      text        COLLATE "C" PRIMARY KEY,
    revoked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK (octet_length(token) BETWEEN 1 AND 128)
);
COMMENT ON TABLE  ledger.revocations            IS 'Tokens that somebody ended. Never changed, never deleted.';
COMMENT ON COLUMN ledger.revocations.token      IS 'tokens.name.';
COMMENT ON COLUMN ledger.revocations.revoked_at IS 'When it was ended.';
COMMENT ON INDEX  ledger.revocations_pkey       IS 'Each token is ended once.';
