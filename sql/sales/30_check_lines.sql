-- Lines that stand in the file twice, or sell nothing.
SELECT order_id, line_number, COUNT(*) AS times, MIN(quantity) AS least_quantity
FROM stage_sales
GROUP BY order_id, line_number
HAVING COUNT(*) > 1 OR MIN(quantity) <= 0
ORDER BY order_id, line_number
LIMIT 100;
