-- The books. Everything lives in a schema of its own, so that a ledger can
-- share a database with the business that uses it.
CREATE SCHEMA IF NOT EXISTS ledger;
COMMENT ON SCHEMA ledger IS 'Double-entry ledgers. Entries and transactions are inserted and never changed.';

CREATE TABLE ledger.migrations (
    version    integer     PRIMARY KEY,
    name       text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE  ledger.migrations            IS 'The steps of this schema that have been applied. A program that knows more or fewer refuses to start.';
COMMENT ON COLUMN ledger.migrations.version    IS '1, 2, 3 …; the highest is the version of the schema.';
COMMENT ON COLUMN ledger.migrations.name       IS 'The step''s file, without its ending.';
COMMENT ON COLUMN ledger.migrations.applied_at IS 'When the step was applied.';
COMMENT ON INDEX  ledger.migrations_pkey       IS 'Each step once.';

CREATE TABLE ledger.ledgers (
    id         integer     GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text        COLLATE "C" NOT NULL UNIQUE CHECK (octet_length(name) BETWEEN 1 AND 128),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE  ledger.ledgers            IS 'The books by name. Their ids lead every other key.';
COMMENT ON COLUMN ledger.ledgers.id         IS 'What the column "ledger" of the other tables holds. Numbers may be missing.';
COMMENT ON COLUMN ledger.ledgers.name       IS 'What programs call the ledger, as ledgerd --ledger does. Never changed.';
COMMENT ON COLUMN ledger.ledgers.created_at IS 'When a program first opened the ledger.';
COMMENT ON INDEX  ledger.ledgers_pkey       IS 'For people, to find the name of a number.';
COMMENT ON INDEX  ledger.ledgers_name_key   IS 'Finds a ledger by its name, once for each program that opens it; each name once.';

-- Who an account is, which no transaction needs to know.
CREATE TABLE ledger.accounts (
    ledger      integer     NOT NULL,
    id          text        COLLATE "C" NOT NULL,
    name        text        NOT NULL,
    opened_at   timestamptz NOT NULL,
    fingerprint bytea       NOT NULL,
    attempt     bigint      NOT NULL,
    PRIMARY KEY (ledger, id),
    CHECK (octet_length(id) BETWEEN 1 AND 128 AND octet_length(fingerprint) = 32)
);
COMMENT ON TABLE  ledger.accounts             IS 'Accounts, the world accounts among them.';
COMMENT ON COLUMN ledger.accounts.ledger      IS 'ledgers.id.';
COMMENT ON COLUMN ledger.accounts.id          IS 'The caller''s id, 1 to 128 bytes; world:ASSET is where the asset enters and leaves.';
COMMENT ON COLUMN ledger.accounts.name        IS 'For people; need not be unique, may be empty.';
COMMENT ON COLUMN ledger.accounts.opened_at   IS 'When the account was opened.';
COMMENT ON COLUMN ledger.accounts.fingerprint IS 'SHA-256 of the request that opened the account, to tell a repeated one from another.';
COMMENT ON COLUMN ledger.accounts.attempt     IS 'Random number of the database transaction that wrote it: a writer whose connection is lost while it commits tells by it whether what it finds is its own.';
COMMENT ON INDEX  ledger.accounts_pkey        IS 'Finds accounts by id; each id once in a ledger.';

-- All that it takes to decide on a transaction, and what every transaction on an
-- account changes: one row to find, lock and read. The rows are as narrow as can
-- be and have room on their pages, so that updates stay heap-only: no index has a
-- column that changes.
CREATE TABLE ledger.balances (
    ledger      integer     NOT NULL,
    account     text        COLLATE "C" NOT NULL,
    stripe      smallint    NOT NULL,
    normal      smallint    NOT NULL,
    status      smallint    NOT NULL,
    scale       smallint    NOT NULL,
    asset       text        COLLATE "C" NOT NULL,
    min_balance numeric,
    debits      numeric     NOT NULL,
    credits     numeric     NOT NULL,
    sequence    bigint      NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (ledger, account, stripe),
    -- One check for each table: a statement prepares each of its checks anew.
    CHECK (octet_length(account) BETWEEN 1 AND 128 AND stripe BETWEEN 0 AND 15
        AND normal IN (1, 2) AND status IN (1, 2, 3) AND scale BETWEEN 0 AND 38
        AND debits >= 0 AND credits >= 0 AND sequence >= 0)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
COMMENT ON TABLE  ledger.balances             IS 'The totals of each account, and the row that is locked to change it. Half of each page is left free, so that updates touch no index.';
COMMENT ON COLUMN ledger.balances.ledger      IS 'ledgers.id.';
COMMENT ON COLUMN ledger.balances.account     IS 'accounts.id.';
COMMENT ON COLUMN ledger.balances.stripe      IS 'World accounts have sixteen rows, 0 to 15, so that their writers do not wait for one another; all others have row 0.';
COMMENT ON COLUMN ledger.balances.normal      IS 'The side on which the account grows: 1 debit, 2 credit.';
COMMENT ON COLUMN ledger.balances.status      IS '1 open, 2 frozen, 3 closed.';
COMMENT ON COLUMN ledger.balances.scale       IS 'Decimal places of the asset''s smallest unit; the same for all accounts in it.';
COMMENT ON COLUMN ledger.balances.asset       IS 'The code of the one asset that the account holds.';
COMMENT ON COLUMN ledger.balances.min_balance IS 'The least the balance may fall to, in smallest units; null is no limit.';
COMMENT ON COLUMN ledger.balances.debits      IS 'Sum of all debits, in smallest units.';
COMMENT ON COLUMN ledger.balances.credits     IS 'Sum of all credits, in smallest units.';
COMMENT ON COLUMN ledger.balances.sequence    IS 'Number of the latest entry of this row; 0 if there is none, or only an opening balance, which is entry 0.';
COMMENT ON COLUMN ledger.balances.recorded_at IS 'Time of the latest entry, or of the opening.';
COMMENT ON INDEX  ledger.balances_pkey        IS 'Finds the rows to read or lock. An index on a column that a deposit changes would end heap-only updates.';

CREATE TABLE ledger.transactions (
    ledger      integer     NOT NULL,
    id          text        COLLATE "C" NOT NULL,
    recorded_at timestamptz NOT NULL,
    attempt     bigint      NOT NULL,
    fingerprint bytea       NOT NULL,
    accounts    text[]      COLLATE "C" NOT NULL,
    stripes     smallint[]  NOT NULL,
    sequences   bigint[]    NOT NULL,
    PRIMARY KEY (ledger, id),
    CHECK (octet_length(id) BETWEEN 1 AND 128 AND octet_length(fingerprint) = 32)
);
COMMENT ON TABLE  ledger.transactions             IS 'Transactions by the caller''s id. Never changed, never deleted.';
COMMENT ON COLUMN ledger.transactions.ledger      IS 'ledgers.id.';
COMMENT ON COLUMN ledger.transactions.id          IS 'The caller''s id, 1 to 128 bytes; what makes a repeated request harmless.';
COMMENT ON COLUMN ledger.transactions.recorded_at IS 'When the ledger wrote it; the same as that of its entries.';
COMMENT ON COLUMN ledger.transactions.fingerprint IS 'SHA-256 of the request, to tell a repeated one from another.';
COMMENT ON COLUMN ledger.transactions.attempt     IS 'Random number of the database transaction that wrote it; see accounts.attempt.';
COMMENT ON COLUMN ledger.transactions.accounts    IS 'With stripes and sequences: the keys of the entries, in their order. An index on the entries would cost each deposit two insertions.';
COMMENT ON COLUMN ledger.transactions.stripes     IS 'entries.stripe of each entry, in the order of accounts.';
COMMENT ON COLUMN ledger.transactions.sequences   IS 'entries.sequence of each entry, in the order of accounts.';
COMMENT ON INDEX  ledger.transactions_pkey        IS 'Each id once in a ledger, whoever asks and however often. Finds the transactions that are asked for again.';

CREATE TABLE ledger.entries (
    ledger      integer     NOT NULL,
    account     text        COLLATE "C" NOT NULL,
    stripe      smallint    NOT NULL,
    sequence    bigint      NOT NULL,
    side        smallint    NOT NULL,
    amount      numeric     NOT NULL,
    balance     numeric     NOT NULL,
    transaction text        COLLATE "C" NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (ledger, account, stripe, sequence),
    CHECK (octet_length(account) BETWEEN 1 AND 128 AND stripe BETWEEN 0 AND 15 AND sequence >= 0
        AND side IN (1, 2) AND amount > 0 AND octet_length(transaction) BETWEEN 1 AND 128)
);
COMMENT ON TABLE  ledger.entries             IS 'Entries by account, in order. Never changed, never deleted.';
COMMENT ON COLUMN ledger.entries.ledger      IS 'ledgers.id.';
COMMENT ON COLUMN ledger.entries.account     IS 'accounts.id.';
COMMENT ON COLUMN ledger.entries.stripe      IS 'balances.stripe: which row''s totals the entry changed.';
COMMENT ON COLUMN ledger.entries.sequence    IS '1, 2, 3 … without a gap in each stripe; 0 is the opening balance.';
COMMENT ON COLUMN ledger.entries.side        IS '1 debit, 2 credit.';
COMMENT ON COLUMN ledger.entries.amount      IS 'In the asset''s smallest units; more than zero.';
COMMENT ON COLUMN ledger.entries.balance     IS 'Of the account (of a world account, the stripe) right after this entry, by its normal side.';
COMMENT ON COLUMN ledger.entries.transaction IS 'transactions.id. It has no index: a transaction lists the keys of its entries.';
COMMENT ON COLUMN ledger.entries.recorded_at IS 'When the ledger wrote it. Never runs backwards along an account''s sequence.';
COMMENT ON INDEX  ledger.entries_pkey        IS 'Each number once for an account. A history is read along it, a page being a range.';
