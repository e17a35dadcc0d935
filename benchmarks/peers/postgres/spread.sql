\set id random(1, :products)
UPDATE stock SET reserved = reserved + 1 WHERE id = :id AND quantity - reserved >= 1;
