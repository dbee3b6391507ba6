CREATE TEMP TABLE stage_stores (LIKE mart.stores);
