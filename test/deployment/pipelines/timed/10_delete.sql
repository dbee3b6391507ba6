DELETE FROM mart.stores WHERE store_id = -2;
