CREATE TEMP TABLE stage_many (LIKE mart.stores);
