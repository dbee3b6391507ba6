-- New products, and products that differ from their current version in any column. EXCEPT compares NULL with NULL as
-- equal, so an extract that came before leaves nothing here. A product missing from the extract stays as it is.
CREATE TEMP TABLE changed_products AS
SELECT product_id, name, category, price
FROM stage_products
EXCEPT
SELECT product_id, name, category, price
FROM mart.product_dimension
WHERE is_current;
