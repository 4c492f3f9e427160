-- From schema 6 to 7: what a batch took is counted by device. Counted anew: see migrations.py.
DROP TABLE IF EXISTS batch_tally;
