-- Of the schema: made before anything else, so that an older ledger is known by it.
CREATE TABLE IF NOT EXISTS ledger_version (
  version INTEGER NOT NULL
);
