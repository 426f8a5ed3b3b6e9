-- Lists of transactions by account, time and status. A deposit writes to one more
-- index, at its end. By account, what was posted at once is found along the entries,
-- so only what is made pending is written down for it.
--
-- An index that begins with the ledger and has the id further on could also be taken
-- to look an id up, by a plan that was made while the table was empty, and then be
-- read as a whole. Its condition, which is true of every row, is not in such a
-- statement, and so rules it out. Two indexes with different ones are not taken for
-- each other.
CREATE INDEX transactions_recorded ON ledger.transactions (ledger, recorded_at, id) WHERE recorded_at > '-infinity';
COMMENT ON INDEX ledger.transactions_recorded IS 'Lists transactions in the order in which they were recorded, a page being a range. Deposits go to its end.';
DROP INDEX ledger.accounts_opened;
CREATE INDEX accounts_opened ON ledger.accounts (ledger, opened_at, id) WHERE opened_at > '-infinity';
COMMENT ON INDEX ledger.accounts_opened IS 'Lists accounts in the order in which they were opened.';
CREATE INDEX transactions_made_pending ON ledger.transactions (ledger, recorded_at, id) WHERE reserved_sides IS NOT NULL;
COMMENT ON INDEX ledger.transactions_made_pending IS 'Lists those that were made pending, so that few voided or expired ones are found among many others. A deposit has no part in it.';

CREATE TABLE ledger.pending_accounts (
    ledger      integer     NOT NULL,
    account     text        COLLATE "C" NOT NULL,
    recorded_at timestamptz NOT NULL,
    transaction text        COLLATE "C" NOT NULL,
    PRIMARY KEY (ledger, account, recorded_at, transaction)
);
COMMENT ON TABLE  ledger.pending_accounts             IS 'Accounts of the transactions that were made pending, to list them by: they stand where they were made, and their entries elsewhere or nowhere. Never changed, never deleted.';
COMMENT ON COLUMN ledger.pending_accounts.ledger      IS 'ledgers.id.';
COMMENT ON COLUMN ledger.pending_accounts.account     IS 'accounts.id; empty in one more row of a transaction between world accounts alone, of which there are no reservations.';
COMMENT ON COLUMN ledger.pending_accounts.recorded_at IS 'transactions.recorded_at, so that transactions are found in that order.';
COMMENT ON COLUMN ledger.pending_accounts.transaction IS 'transactions.id.';
COMMENT ON INDEX  ledger.pending_accounts_pkey        IS 'Lists what was made pending on an account, a page being a range.';
INSERT INTO ledger.pending_accounts (ledger, account, recorded_at, transaction)
SELECT t.ledger, k.account, t.recorded_at, t.id
FROM ledger.transactions AS t
CROSS JOIN LATERAL (
    SELECT DISTINCT account FROM unnest(t.accounts) AS account
    UNION ALL
    SELECT '' WHERE NOT EXISTS (SELECT FROM unnest(t.accounts) AS account WHERE account NOT LIKE 'world:%')
) AS k
WHERE t.reserved_sides IS NOT NULL;

ALTER TABLE ledger.reservations ADD COLUMN recorded_at timestamptz;
UPDATE ledger.reservations AS r SET recorded_at = t.recorded_at
FROM ledger.transactions AS t WHERE (t.ledger, t.id) = (r.ledger, r.transaction);
ALTER TABLE ledger.reservations ALTER COLUMN recorded_at SET NOT NULL;
COMMENT ON COLUMN ledger.reservations.recorded_at IS 'transactions.recorded_at, so that what is pending is found in that order.';
CREATE INDEX reservations_recorded ON ledger.reservations (ledger, recorded_at, transaction) WHERE recorded_at > '-infinity';
COMMENT ON INDEX ledger.reservations_recorded     IS 'Lists what is pending, a page being a range.';
CREATE INDEX reservations_account ON ledger.reservations (ledger, account, recorded_at, transaction) WHERE expires_at > '-infinity';
COMMENT ON INDEX ledger.reservations_account      IS 'Lists what is pending on an account, a page being a range.';
