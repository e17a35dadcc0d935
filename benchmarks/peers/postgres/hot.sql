UPDATE stock SET reserved = reserved + 1 WHERE id = 1 AND quantity - reserved >= 1;
