-- One row for every store, always the newest.
CREATE TABLE IF NOT EXISTS mart.stores (
  store_id INTEGER NOT NULL,
  name VARCHAR(200),
  city VARCHAR(100),
  country CHAR(2),
  opened_on DATE,
  PRIMARY KEY (store_id)
)
DISTSTYLE ALL
SORTKEY (store_id);
