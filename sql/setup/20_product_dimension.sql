-- The columns of a product extract. Holds no rows: stage tables are made LIKE it, so that types are stated once.
CREATE TABLE IF NOT EXISTS mart.product_extract (
  product_id BIGINT,
  name VARCHAR(400),
  category VARCHAR(200),
  price DECIMAL(12, 2)
)
DISTSTYLE KEY
DISTKEY (product_id);

-- Every version of every product (slowly changing dimension, type 2).
CREATE TABLE IF NOT EXISTS mart.product_dimension (
  product_key BIGINT IDENTITY(1, 1),
  product_id BIGINT NOT NULL,
  name VARCHAR(400),
  category VARCHAR(200),
  price DECIMAL(12, 2),
  valid_from TIMESTAMP NOT NULL,
  -- NULL while the version is current
  valid_to TIMESTAMP,
  is_current BOOLEAN NOT NULL,
  -- the run that wrote the version
  run_id VARCHAR(128) NOT NULL
)
DISTSTYLE KEY
DISTKEY (product_id)
COMPOUND SORTKEY (product_id, valid_from);
