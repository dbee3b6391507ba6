CREATE TEMP TABLE stage_sales (LIKE mart.sales);
