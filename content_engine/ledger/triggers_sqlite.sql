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

DROP TRIGGER IF EXISTS attempt_counted

DROP TRIGGER IF EXISTS attempt_forgotten

CREATE TRIGGER attempt_counted AFTER INSERT ON attempt
BEGIN
  INSERT INTO batch_spent (batch, device, attempts, made_s)
  SELECT item / 4294967296, NEW.device, 1, NEW.seconds FROM job WHERE id = NEW.job_id AND item > 0
  ON CONFLICT (batch, device, writer) DO UPDATE SET attempts = attempts + 1, made_s = made_s + excluded.made_s;
  INSERT INTO batch_spent (batch, device, judged_s)
  SELECT item / 4294967296, NEW.judged_on, NEW.judged_s FROM job WHERE id = NEW.job_id AND item > 0
  ON CONFLICT (batch, device, writer) DO UPDATE SET judged_s = judged_s + excluded.judged_s;
END

CREATE TRIGGER attempt_forgotten AFTER DELETE ON attempt
BEGIN
  UPDATE batch_spent SET attempts = attempts - 1, made_s = made_s - OLD.seconds
  WHERE device = OLD.device AND writer = 0
    AND batch = (SELECT item / 4294967296 FROM job WHERE id = OLD.job_id AND item > 0);
  UPDATE batch_spent SET judged_s = judged_s - OLD.judged_s
  WHERE device = OLD.judged_on AND writer = 0
    AND batch = (SELECT item / 4294967296 FROM job WHERE id = OLD.job_id AND item > 0);
END
