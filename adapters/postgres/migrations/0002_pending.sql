-- The full ledger: pending transactions, reversals, effective time, metadata.
-- What a plain deposit writes is as it was: every new column is null for it, but
-- one in entries, and no index gained a column that it fills.
ALTER TABLE ledger.accounts ADD COLUMN metadata jsonb;
COMMENT ON COLUMN ledger.accounts.metadata IS 'The caller''s pairs of strings; null if there are none.';
CREATE INDEX accounts_opened ON ledger.accounts (ledger, opened_at, id);
COMMENT ON INDEX ledger.accounts_opened IS 'Lists accounts in the order in which they were opened.';

CREATE TABLE ledger.account_metadata (
    ledger    integer     NOT NULL,
    key       text        COLLATE "C" NOT NULL,
    value     text        COLLATE "C" NOT NULL,
    opened_at timestamptz NOT NULL,
    account   text        COLLATE "C" NOT NULL,
    PRIMARY KEY (ledger, key, value, opened_at, account)
);
COMMENT ON TABLE  ledger.account_metadata           IS 'accounts.metadata, a row for each pair, to find accounts by. Rows follow what the accounts have.';
COMMENT ON COLUMN ledger.account_metadata.ledger    IS 'ledgers.id.';
COMMENT ON COLUMN ledger.account_metadata.key       IS 'The pair''s key.';
COMMENT ON COLUMN ledger.account_metadata.value     IS 'The pair''s value.';
COMMENT ON COLUMN ledger.account_metadata.opened_at IS 'accounts.opened_at, so that accounts are found in that order.';
COMMENT ON COLUMN ledger.account_metadata.account   IS 'accounts.id.';
COMMENT ON INDEX  ledger.account_metadata_pkey      IS 'Finds the accounts with a pair, a page being a range.';

-- Null is nothing, so that the rows of accounts without reservations grow by
-- nothing but a bit for each column.
ALTER TABLE ledger.balances
    ADD COLUMN pending_debits  numeric,
    ADD COLUMN pending_credits numeric,
    ADD COLUMN next_expiry     timestamptz,
    DROP CONSTRAINT balances_check,
    ADD CONSTRAINT balances_check CHECK (octet_length(account) BETWEEN 1 AND 128 AND stripe BETWEEN 0 AND 15
        AND normal IN (1, 2) AND status IN (1, 2, 3) AND scale BETWEEN 0 AND 38
        AND debits >= 0 AND credits >= 0 AND sequence >= 0
        AND (pending_debits IS NULL OR pending_debits >= 0) AND (pending_credits IS NULL OR pending_credits >= 0));
COMMENT ON COLUMN ledger.balances.pending_debits  IS 'Sum of the debits in reservations, those that have expired and are not swept among them; null is zero.';
COMMENT ON COLUMN ledger.balances.pending_credits IS 'Sum of the credits in reservations, as pending_debits.';
COMMENT ON COLUMN ledger.balances.next_expiry     IS 'No reservation of the account expires before this time; null if none ever does.';
COMMENT ON COLUMN ledger.balances.recorded_at     IS 'Time of the latest entry, or of the opening, or of the latest change to what is reserved.';

CREATE TABLE ledger.reservations (
    ledger      integer     NOT NULL,
    account     text        COLLATE "C" NOT NULL,
    expires_at  timestamptz NOT NULL,
    transaction text        COLLATE "C" NOT NULL,
    debits      numeric     NOT NULL,
    credits     numeric     NOT NULL,
    PRIMARY KEY (ledger, account, expires_at, transaction),
    CHECK (debits >= 0 AND credits >= 0 AND debits + credits > 0)
) WITH (autovacuum_vacuum_scale_factor = 0.02);
COMMENT ON TABLE  ledger.reservations             IS 'What pending transactions reserve, a row for each account. Deleted when the transaction ends, or has expired and is swept.';
COMMENT ON COLUMN ledger.reservations.ledger      IS 'ledgers.id.';
COMMENT ON COLUMN ledger.reservations.account     IS 'accounts.id; never a world account, which has no limit to reserve against.';
COMMENT ON COLUMN ledger.reservations.expires_at  IS 'From this time on it no longer counts, whether or not it is swept; infinity if it never expires.';
COMMENT ON COLUMN ledger.reservations.transaction IS 'transactions.id.';
COMMENT ON COLUMN ledger.reservations.debits      IS 'Sum of the transaction''s debits on the account, in smallest units.';
COMMENT ON COLUMN ledger.reservations.credits     IS 'Sum of the transaction''s credits on the account, in smallest units.';
COMMENT ON INDEX  ledger.reservations_pkey        IS 'Finds what has expired on an account, and the reservation that a step ends.';
CREATE INDEX reservations_expiry ON ledger.reservations (ledger, expires_at, account) WHERE expires_at < 'infinity';
COMMENT ON INDEX ledger.reservations_expiry       IS 'Finds the accounts on which something has expired, for the sweeper. Without those that never expire, of which there may be many: none is to be looked for among them by this index.';

ALTER TABLE ledger.transactions
    ADD COLUMN effective_at     timestamptz,
    ADD COLUMN expires_at       timestamptz,
    ADD COLUMN reserved_sides   smallint[],
    ADD COLUMN reserved_amounts numeric[],
    ADD COLUMN reverses         text COLLATE "C",
    ADD COLUMN related          text COLLATE "C",
    ADD COLUMN description      text,
    ADD COLUMN metadata         jsonb,
    ADD COLUMN actor            text;
COMMENT ON COLUMN ledger.transactions.effective_at     IS 'When it happened in business; null if that is when it was recorded, or posted.';
COMMENT ON COLUMN ledger.transactions.expires_at       IS 'When it ends by itself if it is pending; null is never.';
COMMENT ON COLUMN ledger.transactions.reserved_sides   IS 'Sides of the entries of a transaction that was made pending, in the order of accounts; null for others. Its stripes and sequences are empty, and those of its entries in resolutions.';
COMMENT ON COLUMN ledger.transactions.reserved_amounts IS 'Amounts of those entries, in smallest units.';
COMMENT ON COLUMN ledger.transactions.reverses         IS 'transactions.id of the one that this one undoes.';
COMMENT ON COLUMN ledger.transactions.related          IS 'transactions.id of one that this one has to do with.';
COMMENT ON COLUMN ledger.transactions.description      IS 'For people.';
COMMENT ON COLUMN ledger.transactions.metadata         IS 'The caller''s pairs of strings; null if there are none.';
COMMENT ON COLUMN ledger.transactions.actor            IS 'Who wrote it.';
CREATE UNIQUE INDEX transactions_reverses ON ledger.transactions (ledger, reverses) WHERE reverses IS NOT NULL;
COMMENT ON INDEX ledger.transactions_reverses IS 'Each transaction is reversed once. Finds the reversal; a transaction that is none has no part in it.';

CREATE TABLE ledger.transaction_metadata (
    ledger      integer     NOT NULL,
    key         text        COLLATE "C" NOT NULL,
    value       text        COLLATE "C" NOT NULL,
    recorded_at timestamptz NOT NULL,
    transaction text        COLLATE "C" NOT NULL,
    PRIMARY KEY (ledger, key, value, recorded_at, transaction)
);
COMMENT ON TABLE  ledger.transaction_metadata             IS 'transactions.metadata, a row for each pair, to find transactions by. Never changed, never deleted.';
COMMENT ON COLUMN ledger.transaction_metadata.ledger      IS 'ledgers.id.';
COMMENT ON COLUMN ledger.transaction_metadata.key         IS 'The pair''s key.';
COMMENT ON COLUMN ledger.transaction_metadata.value       IS 'The pair''s value.';
COMMENT ON COLUMN ledger.transaction_metadata.recorded_at IS 'transactions.recorded_at, so that transactions are found in that order.';
COMMENT ON COLUMN ledger.transaction_metadata.transaction IS 'transactions.id.';
COMMENT ON INDEX  ledger.transaction_metadata_pkey        IS 'Finds the transactions with a pair, a page being a range.';

CREATE TABLE ledger.resolutions (
    ledger      integer     NOT NULL,
    transaction text        COLLATE "C" NOT NULL,
    status      smallint    NOT NULL,
    recorded_at timestamptz NOT NULL,
    attempt     bigint      NOT NULL,
    actor       text,
    stripes     smallint[],
    sequences   bigint[],
    PRIMARY KEY (ledger, transaction),
    CHECK (status IN (1, 3) AND (status = 1) = (stripes IS NOT NULL) AND (status = 1) = (sequences IS NOT NULL))
);
COMMENT ON TABLE  ledger.resolutions             IS 'How pending transactions ended, but those that expired. Never changed, never deleted.';
COMMENT ON COLUMN ledger.resolutions.ledger      IS 'ledgers.id.';
COMMENT ON COLUMN ledger.resolutions.transaction IS 'transactions.id.';
COMMENT ON COLUMN ledger.resolutions.status      IS '1 posted, 3 voided.';
COMMENT ON COLUMN ledger.resolutions.recorded_at IS 'When the ledger wrote it; the same as that of the entries.';
COMMENT ON COLUMN ledger.resolutions.attempt     IS 'Random number of the database transaction that wrote it; see accounts.attempt.';
COMMENT ON COLUMN ledger.resolutions.actor       IS 'Who posted or voided it.';
COMMENT ON COLUMN ledger.resolutions.stripes     IS 'With transactions.accounts and sequences: the keys of the entries that were posted.';
COMMENT ON COLUMN ledger.resolutions.sequences   IS 'entries.sequence of each entry, in the order of transactions.accounts.';
COMMENT ON INDEX  ledger.resolutions_pkey        IS 'Each pending transaction ends once.';

-- Running totals of debits for the entries that are there. With the balance they
-- tell the credits, and so what was debited and credited in any period.
ALTER TABLE ledger.entries
    ADD COLUMN debits       numeric,
    ADD COLUMN effective_at timestamptz;
UPDATE ledger.entries AS e SET debits = t.debits
FROM (
    SELECT ledger, account, stripe, sequence,
        coalesce(sum(amount) FILTER (WHERE side = 1) OVER (PARTITION BY ledger, account, stripe ORDER BY sequence), 0) AS debits
    FROM ledger.entries
) AS t
WHERE (e.ledger, e.account, e.stripe, e.sequence) = (t.ledger, t.account, t.stripe, t.sequence);
ALTER TABLE ledger.entries ALTER COLUMN debits SET NOT NULL;
COMMENT ON COLUMN ledger.entries.debits       IS 'All that the account (of a world account, the stripe) was debited up to and with this entry.';
COMMENT ON COLUMN ledger.entries.effective_at IS 'When it happened in business; null if that is when it was recorded.';
CREATE INDEX entries_recorded ON ledger.entries (ledger, account, stripe, recorded_at, sequence) WHERE sequence % 16 = 0;
COMMENT ON INDEX ledger.entries_recorded IS 'Finds the entries of an account around a time. Every sixteenth is enough, and costs a deposit next to nothing.';

CREATE TABLE ledger.corrections (
    ledger  integer  NOT NULL,
    account text     COLLATE "C" NOT NULL,
    stripe  smallint NOT NULL,
    level   smallint NOT NULL,
    span    bigint   NOT NULL,
    debits  numeric  NOT NULL,
    credits numeric  NOT NULL,
    PRIMARY KEY (ledger, account, stripe, level, span)
) WITH (fillfactor = 50);
COMMENT ON TABLE  ledger.corrections         IS 'Sums of the entries with an earlier effective time over spans of time, by which the recorded totals are corrected to those as of an effective time: each entry adds its amount at its effective time and takes it off at its recorded time. It could be made anew from the entries.';
COMMENT ON COLUMN ledger.corrections.ledger  IS 'ledgers.id.';
COMMENT ON COLUMN ledger.corrections.account IS 'accounts.id.';
COMMENT ON COLUMN ledger.corrections.stripe  IS 'entries.stripe.';
COMMENT ON COLUMN ledger.corrections.level   IS '0 to 11: the spans of a level are 32 to the power of it microseconds long.';
COMMENT ON COLUMN ledger.corrections.span    IS 'Number of the span since the year 1 began.';
COMMENT ON COLUMN ledger.corrections.debits  IS 'Sum of debits in the span, in smallest units; may be negative.';
COMMENT ON COLUMN ledger.corrections.credits IS 'Sum of credits in the span, in smallest units; may be negative.';
COMMENT ON INDEX  ledger.corrections_pkey    IS 'Finds the spans that make up all time up to a moment, twelve ranges in all.';
