-- The extract as it came, in the session of this run.
CREATE TEMP TABLE stage_products (LIKE mart.product_extract);
