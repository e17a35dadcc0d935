"""Pictures for docs/admin-page.md."""

import os

from playwright.sync_api import expect

from . import books
from .driver import DESKTOP, PHONE
from .functions import rows


def take(driver, folder):
    os.makedirs(folder, exist_ok=True)
    for scheme in ("light", "dark"):
        page = driver.open(color_scheme=scheme, **DESKTOP)
        expect(rows(page)).to_have_count(50)
        for number in range(12):
            books.reserve(driver.engine, books.MUG, "STORE_FRONT", 1)
        expect(page.locator("#chart .bar-done").first).to_be_attached()
        page.mouse.move(400, 640)
        page.screenshot(path=f"{folder}/inventory-{scheme}.png")
        if scheme == "light":
            page.goto("/admin/inventory#inventory?search=HB-1045")
            rows(page).first.click()
            expect(page.locator("dialog.panel ol.steps li").first).to_be_visible()
            page.wait_for_timeout(400)
            page.screenshot(path=f"{folder}/product.png")
    page = driver.open(**{**PHONE, "device_scale_factor": 1})
    expect(rows(page)).to_have_count(50)
    page.locator("#view-inventory .tools").scroll_into_view_if_needed()
    page.evaluate("() => document.querySelector('#view-inventory').scrollIntoView()")
    page.screenshot(path=f"{folder}/phone.png")
