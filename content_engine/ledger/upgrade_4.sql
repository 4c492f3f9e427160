-- From schema 4 to 5: what judging took. Nobody measured it before.
ALTER TABLE attempt ADD COLUMN judged_s DOUBLE PRECISION NOT NULL DEFAULT 0;
ALTER TABLE attempt ADD COLUMN judged_on TEXT NOT NULL DEFAULT '';
