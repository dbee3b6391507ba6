COPY stage_products (product_id, name, category, price)
FROM :manifest
IAM_ROLE :copy_role
MANIFEST FORMAT CSV IGNOREHEADER 1;
