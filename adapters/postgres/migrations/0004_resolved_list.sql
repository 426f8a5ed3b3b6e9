-- A list of what was posted or voided after it had been pending, by the time of that,
-- which is not the order of transactions. A deposit has no part in it. Its condition,
-- which is true of every row, keeps it from being taken to look a transaction up.
CREATE INDEX resolutions_recorded ON ledger.resolutions (ledger, recorded_at, transaction) WHERE recorded_at > '-infinity';
COMMENT ON INDEX ledger.resolutions_recorded IS 'Lists how pending transactions ended in the order of that, a page being a range: to export it, and to verify what is new.';
