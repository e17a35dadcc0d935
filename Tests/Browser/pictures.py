"""Pictures for docs/admin-page.md."""

import os
import time

from playwright.sync_api import expect

from . import books
from .driver import DESKTOP, PHONE
from .functions import rows


def sell(engine):
    """Half a minute of a shop, so that there is something to plot."""
    books.set_stock(engine, books.BLANKET, "WAREHOUSE_MAIN", 2_000)
    key = books.keys(engine)[books.store_of(books.CANDLES)]
    for count in (18, 31, 24, 52, 40, 66, 47):
        for _ in range(count):
            books.reserve(engine, books.BLANKET, "WAREHOUSE_MAIN", 1)
        for _ in range(count // 7):
            engine.ask("POST", "/api/v1/store/inventory/reserve", {
                "product_id": books.CANDLES, "location": "STORE_FRONT", "quantity": 1}, key=key)
        time.sleep(5)


def take(driver, folder):
    os.makedirs(folder, exist_ok=True)
    for scheme in ("light", "dark"):
        page = driver.open(color_scheme=scheme, **DESKTOP)
        expect(rows(page)).to_have_count(50)
        if scheme == "light":
            sell(driver.engine)
        expect(page.locator("#chart .bar-done")).not_to_have_count(0)
        page.mouse.move(400, 640)
        page.screenshot(path=f"{folder}/inventory-{scheme}.png")
        if scheme == "light":
            page.goto("/admin/inventory#inventory?search=HB-1042")
            rows(page).first.click()
            expect(page.locator("dialog.panel ol.steps li").first).to_be_visible()
            page.wait_for_timeout(400)  # It slides in.
            page.screenshot(path=f"{folder}/product.png")
    page = driver.open(**{**PHONE, "device_scale_factor": 1})
    expect(rows(page)).to_have_count(50)
    page.locator("#view-inventory .tools").scroll_into_view_if_needed()
    page.evaluate("() => document.querySelector('#view-inventory').scrollIntoView()")
    page.screenshot(path=f"{folder}/phone.png")
