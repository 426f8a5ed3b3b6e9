-- Three roles for one database of ledgers, each with no right that it does not need:
--
--   ledger_migrator  owns the schema "ledger" and changes it: ledgerctl migrate, ledgerctl token
--   ledger_runtime   what ledgerd runs as; it can neither change nor delete an entry
--   ledger_auditor   reads and cannot write: ledgerctl verify, export and doctor
--
-- Run it with psql in the ledger's database, as a superuser or as who may create roles
-- and owns the database, before the first migration and after every one:
--
--   psql --dbname=ledger --file=deploy/postgres/roles.sql
--   ledgerctl migrate up --dsn 'postgres://ledger_migrator@…/ledger'
--   psql --dbname=ledger --file=deploy/postgres/roles.sql
--
-- It can be run any number of times, and while ledgerd is at work. Until it is run again, the
-- tables of a later migration can be read by all three and changed by the migrator alone,
-- and the ledgerd that needs them does not start. A schema that another role made is handed
-- to the migrator.
--
-- Other names are given with --set=migrator=…, --set=runtime=… and --set=auditor=….
-- Passwords are taken from the environment, where other users of the machine cannot see
-- them: LEDGER_MIGRATOR_PASSWORD, LEDGER_RUNTIME_PASSWORD, LEDGER_AUDITOR_PASSWORD. A role
-- without one keeps the password that it has, and a new one has none, as is right where
-- certificates or the operating system say who somebody is.
\set ON_ERROR_STOP on
\if :{?migrator}
\else
	\set migrator ledger_migrator
\endif
\if :{?runtime}
\else
	\set runtime ledger_runtime
\endif
\if :{?auditor}
\else
	\set auditor ledger_auditor
\endif
\set migrator_password ''
\set runtime_password ''
\set auditor_password ''
\getenv migrator_password LEDGER_MIGRATOR_PASSWORD
\getenv runtime_password LEDGER_RUNTIME_PASSWORD
\getenv auditor_password LEDGER_AUDITOR_PASSWORD
SET client_min_messages = warning;
SET password_encryption = 'scram-sha-256';

BEGIN;
-- Passwords belong in no log. Only a superuser may say so, and another has to see to
-- log_statement and log_min_duration_statement himself.
SELECT format('SET LOCAL %s', setting)
FROM unnest(ARRAY['log_statement = none', 'log_min_duration_statement = -1', 'log_min_error_statement = panic']) AS setting
WHERE current_setting('is_superuser') = 'on' \gexec

SELECT format('CREATE ROLE %I', name)
FROM unnest(ARRAY[:'migrator', :'runtime', :'auditor']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
SELECT format('ALTER ROLE %I LOGIN NOCREATEDB NOCREATEROLE', name)
FROM pg_roles JOIN unnest(ARRAY[:'migrator', :'runtime', :'auditor']) AS name ON rolname = name
WHERE NOT rolcanlogin OR rolcreatedb OR rolcreaterole \gexec
SELECT format('ALTER ROLE %I PASSWORD %L', name, password)
FROM (VALUES (:'migrator', :'migrator_password'), (:'runtime', :'runtime_password'), (:'auditor', :'auditor_password')) AS role (name, password)
WHERE password <> '' \gexec
-- Who is no superuser can hand a schema only to a role whose member he is.
SELECT format('GRANT %I TO CURRENT_USER', :'migrator')
WHERE NOT pg_has_role(CURRENT_USER, :'migrator',
	-- Since PostgreSQL 16 who made a role is a member of it, who may yet not act as it.
	CASE WHEN current_setting('server_version_num')::integer < 160000 THEN 'MEMBER' ELSE 'SET' END) \gexec

-- The schema is the migrator's, with all that is in it.
SELECT format('CREATE SCHEMA ledger AUTHORIZATION %I', :'migrator')
WHERE NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'ledger') \gexec
SELECT format('ALTER SCHEMA ledger OWNER TO %I', :'migrator')
FROM pg_namespace WHERE nspname = 'ledger' AND pg_get_userbyid(nspowner) <> :'migrator' \gexec
SELECT format('ALTER TABLE %s OWNER TO %I', oid::regclass, :'migrator')
FROM pg_class
WHERE relnamespace = 'ledger'::regnamespace AND relkind IN ('r', 'p') AND pg_get_userbyid(relowner) <> :'migrator' \gexec

-- The first migration says CREATE SCHEMA IF NOT EXISTS, for which PostgreSQL wants the
-- right to create one even where it exists. Later ones need no right on the database.
SELECT format(
	CASE WHEN to_regclass('ledger.migrations') IS NULL THEN 'GRANT CREATE ON DATABASE %I TO %I' ELSE 'REVOKE CREATE ON DATABASE %I FROM %I' END,
	datname, :'migrator')
FROM pg_database WHERE datname = current_database() AND pg_get_userbyid(datdba) <> :'migrator' \gexec
SELECT format('GRANT CONNECT ON DATABASE %I TO %I, %I, %I', current_database(), :'migrator', :'runtime', :'auditor') \gexec
-- verify gathers what it compares in temporary tables, where it may.
SELECT format('GRANT TEMPORARY ON DATABASE %I TO %I', current_database(), :'auditor') \gexec

-- From here on nobody else has a right in the schema, but what is granted below.
REVOKE ALL ON SCHEMA ledger FROM PUBLIC, :"runtime", :"auditor";
REVOKE ALL ON ALL TABLES IN SCHEMA ledger FROM PUBLIC, :"runtime", :"auditor";
REVOKE ALL ON ALL SEQUENCES IN SCHEMA ledger FROM PUBLIC, :"runtime", :"auditor";
GRANT USAGE ON SCHEMA ledger TO :"runtime", :"auditor";
GRANT SELECT ON ALL TABLES IN SCHEMA ledger TO :"runtime", :"auditor";
GRANT INSERT ON ALL TABLES IN SCHEMA ledger TO :"runtime";
ALTER DEFAULT PRIVILEGES FOR ROLE :"migrator" IN SCHEMA ledger GRANT SELECT ON TABLES TO :"runtime", :"auditor";
ALTER DEFAULT PRIVILEGES FOR ROLE :"migrator" IN SCHEMA ledger REVOKE INSERT ON TABLES FROM :"runtime";

-- What the runtime role does beyond reading and adding. To lock a row, SELECT … FOR NO KEY
-- UPDATE wants the right to change one column of it; only balances are locked, and they
-- are also changed. What an account is (its asset, side, limit, opening) never is.
SELECT format('GRANT %s ON ledger.%I TO %I', rights, name, :'runtime')
FROM (VALUES
	('balances', 'UPDATE (status, debits, credits, pending_debits, pending_credits, next_expiry, sequence, recorded_at)'),
	('accounts', 'UPDATE (name, metadata)'),
	-- Sums of what corrections of the past amount to, which are added to.
	('corrections', 'UPDATE (debits, credits)'),
	-- Follows accounts.metadata.
	('account_metadata', 'DELETE'),
	-- A reservation ends when its transaction is posted or voided, or has expired.
	('reservations', 'DELETE')
) AS t (name, rights)
WHERE to_regclass('ledger.' || name) IS NOT NULL \gexec
-- What it may not add to: steps of the schema, and who may enter. A program that was
-- taken over cannot let anybody in who was not let in.
SELECT format('REVOKE INSERT ON ledger.%I FROM %I', name, :'runtime')
FROM unnest(ARRAY['migrations', 'tokens', 'revocations']) AS name
WHERE to_regclass('ledger.' || name) IS NOT NULL \gexec
COMMIT;
