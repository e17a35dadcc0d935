-- Room in each page, so that an update stays in its page and touches no index (HOT).
CREATE TABLE stock (
  id bigint PRIMARY KEY,
  quantity bigint NOT NULL,
  reserved bigint NOT NULL CHECK (reserved >= 0)
) WITH (fillfactor = 50);
INSERT INTO stock SELECT id, 1000000000, 0 FROM generate_series(1, :products) AS id;
VACUUM (FREEZE, ANALYZE) stock;
CHECKPOINT;
