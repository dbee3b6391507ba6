CALL mart.publish_sales();
