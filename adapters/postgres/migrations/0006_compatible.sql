-- Which steps older programs can go on with, so that instances can be replaced one by one.
ALTER TABLE ledger.migrations ADD COLUMN compatible_from integer CHECK (compatible_from BETWEEN 1 AND version);
COMMENT ON COLUMN ledger.migrations.compatible_from IS 'Programs that know this version, or a later one, can go on with the step applied; null is its own.';
