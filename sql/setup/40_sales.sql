-- The lines of all orders.
CREATE TABLE IF NOT EXISTS mart.sales (
  order_id BIGINT NOT NULL,
  line_number INTEGER NOT NULL,
  store_id INTEGER NOT NULL,
  product_id BIGINT NOT NULL,
  sold_on DATE NOT NULL,
  quantity INTEGER NOT NULL,
  amount DECIMAL(12, 2) NOT NULL
)
DISTSTYLE KEY
DISTKEY (order_id)
COMPOUND SORTKEY (sold_on, order_id);

-- What each store took on each day.
CREATE TABLE IF NOT EXISTS mart.daily_sales (
  sold_on DATE NOT NULL,
  store_id INTEGER NOT NULL,
  orders BIGINT NOT NULL,
  quantity BIGINT NOT NULL,
  amount DECIMAL(18, 2) NOT NULL
)
DISTSTYLE ALL
SORTKEY (sold_on);

-- Takes the rows of the temporary table stage_sales over: a line that came before is replaced, and the days that it
-- touches are added up anew. No COMMIT and no TRUNCATE in here: the caller's transaction holds the step's marker too.
CREATE OR REPLACE PROCEDURE mart.publish_sales()
AS $$
BEGIN
  DELETE FROM mart.daily_sales
  WHERE sold_on IN (
    SELECT sold_on FROM stage_sales
    UNION
    SELECT sales.sold_on
    FROM mart.sales
    JOIN stage_sales ON stage_sales.order_id = sales.order_id AND stage_sales.line_number = sales.line_number
  );

  DELETE FROM mart.sales
  USING stage_sales
  WHERE sales.order_id = stage_sales.order_id AND sales.line_number = stage_sales.line_number;

  INSERT INTO mart.sales (order_id, line_number, store_id, product_id, sold_on, quantity, amount)
  SELECT order_id, line_number, store_id, product_id, sold_on, quantity, amount
  FROM stage_sales;

  INSERT INTO mart.daily_sales (sold_on, store_id, orders, quantity, amount)
  SELECT sold_on, store_id, COUNT(DISTINCT order_id), SUM(quantity), SUM(amount)
  FROM mart.sales
  WHERE sold_on NOT IN (SELECT sold_on FROM mart.daily_sales)
  GROUP BY sold_on, store_id;
END;
$$ LANGUAGE plpgsql;
