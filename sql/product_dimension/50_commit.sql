-- One transaction: the old versions end where the new ones begin.
UPDATE mart.product_dimension
SET valid_to = :run_started_at::TIMESTAMP,
    is_current = FALSE
FROM changed_products
WHERE product_dimension.product_id = changed_products.product_id
  AND product_dimension.is_current;

INSERT INTO mart.product_dimension (product_id, name, category, price, valid_from, valid_to, is_current, run_id)
SELECT product_id, name, category, price, :run_started_at::TIMESTAMP, NULL, TRUE, :run_id
FROM changed_products;
