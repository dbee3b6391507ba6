COPY stage_sales (order_id, line_number, store_id, product_id, sold_on, quantity, amount)
FROM :manifest
IAM_ROLE :copy_role
MANIFEST FORMAT CSV IGNOREHEADER 1 DATEFORMAT 'auto';
