-- An empty file is a mistake of whoever sent it.
SELECT 1 FROM stage_sales LIMIT 1;
