-- Each batch's jobs and attempts, counted where they change. One statement a paragraph.

CREATE TRIGGER IF NOT EXISTS job_counted AFTER INSERT ON job WHEN NEW.item > 0
BEGIN
  INSERT INTO batch_tally (batch, status, jobs) VALUES (NEW.item / 4294967296, NEW.status, 1)
  ON CONFLICT (batch, status, writer) DO UPDATE SET jobs = jobs + 1;
END

CREATE TRIGGER IF NOT EXISTS job_moved AFTER UPDATE OF status ON job
WHEN NEW.item > 0 AND NEW.status <> OLD.status
BEGIN
  UPDATE batch_tally SET jobs = jobs - 1
  WHERE batch = NEW.item / 4294967296 AND status = OLD.status AND writer = 0;
  INSERT INTO batch_tally (batch, status, jobs) VALUES (NEW.item / 4294967296, NEW.status, 1)
  ON CONFLICT (batch, status, writer) DO UPDATE SET jobs = jobs + 1;
END

CREATE TRIGGER IF NOT EXISTS attempt_counted AFTER INSERT ON attempt
BEGIN
  INSERT INTO batch_tally (batch, status, attempts, seconds)
  SELECT item / 4294967296, '', 1, NEW.seconds FROM job WHERE id = NEW.job_id AND item > 0
  ON CONFLICT (batch, status, writer) DO UPDATE SET attempts = attempts + 1, seconds = seconds + excluded.seconds;
END

CREATE TRIGGER IF NOT EXISTS attempt_forgotten AFTER DELETE ON attempt
BEGIN
  UPDATE batch_tally SET attempts = attempts - 1, seconds = seconds - OLD.seconds
  WHERE status = '' AND writer = 0
    AND batch = (SELECT item / 4294967296 FROM job WHERE id = OLD.job_id AND item > 0);
END
