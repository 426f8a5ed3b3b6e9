-- The books. Everything lives in a schema of its own, so that a ledger can
-- share a database with the business that uses it.
CREATE SCHEMA IF NOT EXISTS ledger;
COMMENT ON SCHEMA ledger IS 'Double-entry ledgers. Entries and transactions are inserted and never changed.';

CREATE TABLE ledger.ledgers (
    id         integer     GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text        COLLATE "C" NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE ledger.ledgers IS 'The books by name. Their ids lead every other key.';

-- Who an account is, which no transaction needs to know.
CREATE TABLE ledger.accounts (
    ledger      integer     NOT NULL,
    id          text        COLLATE "C" NOT NULL CHECK (octet_length(id) BETWEEN 1 AND 128),
    name        text        NOT NULL,
    opened_at   timestamptz NOT NULL,
    fingerprint bytea       NOT NULL CHECK (octet_length(fingerprint) = 32),
    attempt     bigint      NOT NULL,
    PRIMARY KEY (ledger, id)
);
COMMENT ON TABLE  ledger.accounts             IS 'Accounts, the world accounts among them.';
COMMENT ON COLUMN ledger.accounts.id          IS 'The caller''s id; world:ASSET is where the asset enters and leaves.';
COMMENT ON COLUMN ledger.accounts.name        IS 'For people; need not be unique.';
COMMENT ON COLUMN ledger.accounts.fingerprint IS 'SHA-256 of the request that opened the account, to tell a repeated one from another.';
COMMENT ON COLUMN ledger.accounts.attempt     IS 'Random number of the database transaction that wrote it: a writer whose connection is lost while it commits tells by it whether what it finds is its own.';

-- All that it takes to decide on a transaction, and what every transaction on an
-- account changes: one row to find, lock and read. The rows are as narrow as can
-- be and have room on their pages, so that updates stay heap-only: no index has a
-- column that changes.
CREATE TABLE ledger.balances (
    ledger      integer     NOT NULL,
    account     text        COLLATE "C" NOT NULL,
    stripe      smallint    NOT NULL CHECK (stripe BETWEEN 0 AND 15),
    normal      smallint    NOT NULL CHECK (normal IN (1, 2)),
    status      smallint    NOT NULL CHECK (status IN (1, 2, 3)),
    scale       smallint    NOT NULL CHECK (scale BETWEEN 0 AND 38),
    asset       text        COLLATE "C" NOT NULL,
    min_balance numeric,
    debits      numeric     NOT NULL CHECK (debits >= 0),
    credits     numeric     NOT NULL CHECK (credits >= 0),
    sequence    bigint      NOT NULL CHECK (sequence >= 0),
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (ledger, account, stripe)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
COMMENT ON TABLE  ledger.balances             IS 'The totals of each account, and the row that is locked to change it.';
COMMENT ON COLUMN ledger.balances.stripe      IS 'World accounts have sixteen rows, so that their writers do not wait for one another; all others have row 0.';
COMMENT ON COLUMN ledger.balances.normal      IS 'The side on which the account grows: 1 debit, 2 credit.';
COMMENT ON COLUMN ledger.balances.status      IS '1 open, 2 frozen, 3 closed.';
COMMENT ON COLUMN ledger.balances.scale       IS 'Decimal places of the asset''s smallest unit; the same for all accounts in it.';
COMMENT ON COLUMN ledger.balances.asset       IS 'The code of the one asset that the account holds.';
COMMENT ON COLUMN ledger.balances.min_balance IS 'The least the balance may fall to, in smallest units; null is no limit.';
COMMENT ON COLUMN ledger.balances.debits      IS 'Sum of all debits, in smallest units.';
COMMENT ON COLUMN ledger.balances.credits     IS 'Sum of all credits, in smallest units.';
COMMENT ON COLUMN ledger.balances.sequence    IS 'Number of the latest entry, which is how many there are.';
COMMENT ON COLUMN ledger.balances.recorded_at IS 'Time of the latest entry, or of the opening.';

CREATE TABLE ledger.transactions (
    ledger      integer     NOT NULL,
    id          text        COLLATE "C" NOT NULL CHECK (octet_length(id) BETWEEN 1 AND 128),
    recorded_at timestamptz NOT NULL,
    attempt     bigint      NOT NULL,
    fingerprint bytea       NOT NULL CHECK (octet_length(fingerprint) = 32),
    accounts    text[]      COLLATE "C" NOT NULL,
    stripes     smallint[]  NOT NULL,
    sequences   bigint[]    NOT NULL,
    PRIMARY KEY (ledger, id)
);
COMMENT ON TABLE  ledger.transactions             IS 'Transactions by the caller''s id. Never changed, never deleted.';
COMMENT ON COLUMN ledger.transactions.fingerprint IS 'SHA-256 of the request, to tell a repeated one from another.';
COMMENT ON COLUMN ledger.transactions.attempt     IS 'Random number of the database transaction that wrote it; see accounts.attempt.';
COMMENT ON COLUMN ledger.transactions.accounts    IS 'With stripes and sequences: the keys of the entries, in their order. An index on the entries would cost each deposit two insertions.';

CREATE TABLE ledger.entries (
    ledger      integer     NOT NULL,
    account     text        COLLATE "C" NOT NULL,
    stripe      smallint    NOT NULL,
    sequence    bigint      NOT NULL CHECK (sequence >= 0),
    side        smallint    NOT NULL CHECK (side IN (1, 2)),
    amount      numeric     NOT NULL CHECK (amount > 0),
    balance     numeric     NOT NULL,
    transaction text        COLLATE "C" NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (ledger, account, stripe, sequence)
);
COMMENT ON TABLE  ledger.entries             IS 'Entries by account, in order. Never changed, never deleted.';
COMMENT ON COLUMN ledger.entries.sequence    IS '1, 2, 3 … without a gap in each stripe; 0 is the opening balance.';
COMMENT ON COLUMN ledger.entries.side        IS '1 debit, 2 credit.';
COMMENT ON COLUMN ledger.entries.amount      IS 'In the asset''s smallest units.';
COMMENT ON COLUMN ledger.entries.balance     IS 'Of the account (of a world account, the stripe) right after this entry, by its normal side.';
