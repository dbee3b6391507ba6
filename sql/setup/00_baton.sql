-- What Baton itself keeps in the warehouse. Every file here may be applied again at any time: it changes nothing.
CREATE SCHEMA IF NOT EXISTS baton;

-- One row for every durable step that committed, written in the step's own transaction: its presence is the proof.
-- Looked up by run only, so rows of a run lie together. committed_at is UTC where the cluster's time zone is.
CREATE TABLE IF NOT EXISTS baton.step_marker (
  run_id VARCHAR(128) NOT NULL,
  birth VARCHAR(64) NOT NULL,
  step VARCHAR(128) NOT NULL,
  generation INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  statement_hash VARCHAR(64) NOT NULL,
  committed_at TIMESTAMP NOT NULL
)
DISTSTYLE KEY
DISTKEY (run_id)
SORTKEY (run_id);
