-- Each batch's jobs and attempts, counted where they change. One statement a paragraph.
-- Every connection counts in rows of its own: who ends jobs of one batch waits for nobody else who does.

CREATE OR REPLACE FUNCTION job_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO batch_tally AS tally (batch, status, writer, jobs)
  VALUES (NEW.item / 4294967296, NEW.status, pg_backend_pid(), 1)
  ON CONFLICT (batch, status, writer) DO UPDATE SET jobs = tally.jobs + 1;
  RETURN NULL;
END $$

CREATE OR REPLACE FUNCTION job_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO batch_tally AS tally (batch, status, writer, jobs)
  VALUES (NEW.item / 4294967296, OLD.status, pg_backend_pid(), -1),
    (NEW.item / 4294967296, NEW.status, pg_backend_pid(), 1)
  ON CONFLICT (batch, status, writer) DO UPDATE SET jobs = tally.jobs + excluded.jobs;
  RETURN NULL;
END $$

CREATE OR REPLACE FUNCTION attempt_counted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  of_item BIGINT;
BEGIN
  SELECT item INTO of_item FROM job WHERE id = coalesce(NEW.job_id, OLD.job_id);
  IF of_item > 0 THEN
    INSERT INTO batch_spent AS spent (batch, device, writer, attempts, made_s)
    VALUES (of_item / 4294967296, coalesce(NEW.device, OLD.device), pg_backend_pid(),
      CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END, coalesce(NEW.seconds, -OLD.seconds))
    ON CONFLICT (batch, device, writer) DO UPDATE
    SET attempts = spent.attempts + excluded.attempts, made_s = spent.made_s + excluded.made_s;
    INSERT INTO batch_spent AS spent (batch, device, writer, judged_s)
    VALUES (of_item / 4294967296, coalesce(NEW.judged_on, OLD.judged_on), pg_backend_pid(),
      coalesce(NEW.judged_s, -OLD.judged_s))
    ON CONFLICT (batch, device, writer) DO UPDATE SET judged_s = spent.judged_s + excluded.judged_s;
  END IF;
  RETURN NULL;
END $$

CREATE OR REPLACE TRIGGER job_counted AFTER INSERT ON job
FOR EACH ROW WHEN (NEW.item > 0) EXECUTE FUNCTION job_counted()

CREATE OR REPLACE TRIGGER job_moved AFTER UPDATE OF status ON job
FOR EACH ROW WHEN (NEW.item > 0 AND NEW.status <> OLD.status) EXECUTE FUNCTION job_moved()

CREATE OR REPLACE TRIGGER attempt_counted AFTER INSERT OR DELETE ON attempt
FOR EACH ROW EXECUTE FUNCTION attempt_counted()
