-- Every product has a key, and stands in the extract once: otherwise two versions would be current.
SELECT product_id, COUNT(*) AS times
FROM stage_products
GROUP BY product_id
HAVING product_id IS NULL OR COUNT(*) > 1
ORDER BY product_id
LIMIT 100;
