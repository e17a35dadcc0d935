"""What the tests find in the shop: two stores, some products with titles that are hard to show."""

import random

MARKUP = "<img src=x onerror=alert(1)>"
FORMULA = '=HYPERLINK("http://x","y")'
LONG = (
    'Mug "Harbour" & anchor, numbered edition with hand-painted motif, dishwasher-safe glaze, '
    "in a gift box of recycled cardboard, with a card for whoever it is for, "
    "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenausführung")
STORES = {1: "Harbour & Sons", 2: 'Atelier "Lumière"'}
LOCATIONS = ["WAREHOUSE_MAIN", "WAREHOUSE_WEST", "STORE_FRONT"]

TITLES = [
    "Wool blanket, charcoal", "Enamel mug, navy", "Linen apron", "Pour-over kettle 0.9 l",
    "Oak serving board", "Beeswax candles, set of 3", "Canvas tote", "Cast-iron pan 26 cm",
    "Ceramic bowl, speckled", "Brass desk lamp", "Leather notebook A5", "Merino socks, 2 pairs",
    "Walnut pepper mill", "Glass carafe", "Cotton throw", "Steel water bottle 750 ml",
    MARKUP, FORMULA, LONG,
]

BLANKET, MUG, APRON, KETTLE, BOARD, CANDLES = 1, 2, 3, 4, 5, 6
MARKUP_ID, FORMULA_ID, LONG_ID = (TITLES.index(title) + 1 for title in (MARKUP, FORMULA, LONG))


def store_of(product):
    return 1 if product in (MARKUP_ID, FORMULA_ID, LONG_ID) else product % 2 + 1


def set_stock(engine, product, location, quantity):
    return engine.must(
        "POST", "/api/v1/admin/inventory/set",
        {"store_id": store_of(product), "product_id": product, "location": location,
         "quantity": quantity, "reason": "Opening stock"})


def fill(engine):
    chance = random.Random(7)
    for store, name in STORES.items():
        engine.must("PUT", f"/api/v1/admin/stores/{store}", {"name": name})
    for product, title in enumerate(TITLES, start=1):
        engine.must("PUT", f"/api/v1/admin/products/{product}", {
            "store_id": store_of(product), "title": title, "sku": f"HB-{1040 + product}",
            "product_type": "physical", "low_stock_threshold": 10})
        for location in LOCATIONS:
            quantity = chance.choice([12, 24, 40, 85, 160, 320])
            set_stock(engine, product, location, quantity)
            if product > CANDLES:
                reserve(engine, product, location, chance.randint(1, quantity // 3))
    set_stock(engine, BOARD, "STORE_FRONT", 6)
    set_stock(engine, CANDLES, "STORE_FRONT", 0)
    reserve(engine, BOARD, "STORE_FRONT", 2)
    for number in range(1, 7):
        engine.must("POST", "/api/v1/store/reservations", {
            "order_id": f"ORDER-{2040 + number}", "ttl_seconds": 1800 * number,
            "lines": [{"product_id": MUG, "location": "WAREHOUSE_MAIN", "quantity": 1}]}, key=keys(engine)[store_of(MUG)])


def reserve(engine, product, location, quantity):
    return engine.must(
        "POST", "/api/v1/store/inventory/reserve",
        {"product_id": product, "location": location, "quantity": quantity}, key=keys(engine)[store_of(product)])


def keys(engine):
    """A key of each store, made when first asked for."""
    if not hasattr(engine, "keys"):
        engine.keys = {
            store: engine.must("POST", "/api/v1/admin/keys", {
                "role": "store", "store_id": store, "name": f"Checkout {name}"})["key"]
            for store, name in STORES.items()}
    return engine.keys


def fill_many(engine, count):
    """So many more entries, 5,000 a request."""
    first = 1_000_000
    for start in range(0, count, 5_000):
        engine.must("POST", "/api/v1/store/inventory/batch", {"operations": [
            {"op": "set", "product_id": first + number, "location": "BULK", "quantity": number % 900}
            for number in range(start, min(start + 5_000, count))]}, key=keys(engine)[2])
