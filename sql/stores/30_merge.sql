MERGE INTO mart.stores
USING stage_stores AS s
ON mart.stores.store_id = s.store_id
WHEN MATCHED THEN UPDATE SET name = s.name, city = s.city, country = s.country, opened_on = s.opened_on
WHEN NOT MATCHED THEN INSERT (store_id, name, city, country, opened_on)
  VALUES (s.store_id, s.name, s.city, s.country, s.opened_on);
