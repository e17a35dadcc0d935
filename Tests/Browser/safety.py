"""What must not be possible, and what a session's end looks like."""

from playwright.sync_api import expect

from . import books
from .driver import eventually
from .engine import ADMIN_KEY
from .functions import rows


def wrong_keys_are_told(driver):
    page = driver.open(sign_in=False)
    page.get_by_label("Admin key").fill("sk_wrong")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="not a key that is good")).to_be_visible()
    page.get_by_label("Admin key").fill(books.keys(driver.engine)[1])
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="admin key")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.get_by_label("Admin key")).to_be_visible()
    expect(page.locator("#main")).to_be_hidden()
    driver.sign_in(page)
    driver.no_complaints(but=["401", "403"])


def cookie_is_out_of_reach(driver):
    page = driver.open()
    assert page.evaluate("() => document.cookie") == ""
    cookie = next(cookie for cookie in driver.context.cookies() if cookie["name"] == "stock_session")
    assert cookie["httpOnly"] and cookie["sameSite"] == "Strict" and cookie["path"] == "/"
    stored = page.evaluate("() => JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert ADMIN_KEY not in stored
    driver.no_complaints()


def markup_in_data_is_text(driver):
    page = driver.open()
    for product, title in ((books.MARKUP_ID, books.MARKUP), (books.LONG_ID, books.LONG)):
        page.get_by_label("Search title, SKU or GTIN").fill(f"HB-{1040 + product}")
        expect(rows(page)).to_have_count(3)
        expect(rows(page).first.locator(".title")).to_have_text(title)
        rows(page).first.click()
        expect(page.locator("dialog.panel").get_by_role("heading", name=title)).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("dialog.panel")).to_have_count(0)
        rows(page).first.focus()
        page.keyboard.press("a")
        expect(page.locator("dialog .about")).to_contain_text(title)
        page.keyboard.press("Escape")
    page.goto("/admin/inventory#movements")
    expect(page.locator("#view-movements")).to_contain_text(books.MARKUP)
    assert page.locator('img[src="x"]').count() == 0
    # Not even a script that got into the page would run.
    page.evaluate("""() => {
      const script = document.createElement("script");
      script.textContent = "window.wasRun = true";
      document.body.append(script);
      document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='window.wasRun = true'>");
    }""")
    eventually(lambda: any("Content Security Policy" in text for text in driver.complaints), "the policy speaks")
    assert page.evaluate("() => window.wasRun") is None
    driver.no_complaints(but=["Content Security Policy", "Content-Security-Policy", "404"])


def other_sites_cannot_change_anything(driver):
    page = driver.open()
    held = driver.engine.entry(books.MUG, "STORE_FRONT")
    body = {"store_id": books.store_of(books.MUG), "product_id": books.MUG, "location": "STORE_FRONT", "quantity": 1}
    # The browser sends the cookie; without what only the page knows, that is not enough.
    status = page.evaluate("""async (body) => (await fetch("/api/v1/admin/inventory/adjust", {
      method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(body)})).status""", body)
    assert status == 403
    assert driver.engine.entry(books.MUG, "STORE_FRONT") == held
    driver.no_complaints(but=["403"])


def sign_out_ends_it(driver):
    page = driver.open()
    cookies = driver.context.cookies()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Admin key")).to_be_visible()
    expect(page.locator("#main")).to_be_hidden()
    # A copy of the cookie is good for nothing now.
    driver.context.add_cookies(cookies)
    page.reload()
    expect(page.get_by_label("Admin key")).to_be_visible()


def restart_asks_again_and_loses_nothing(driver):
    page = driver.open()
    page.get_by_label("Search title, SKU or GTIN").fill("HB-1042")
    expect(rows(page)).to_have_count(3)
    entry = rows(page).filter(has_text="STORE_FRONT")
    before = driver.engine.entry(books.MUG, "STORE_FRONT")["quantity"]
    entry.focus()
    page.keyboard.press("a")
    page.get_by_label("Add or remove").fill("4")
    driver.engine.stop()
    driver.engine.start()
    # By now, or when the change is sent, the page notices.
    if not page.get_by_label("Admin key").is_visible():
        page.locator("dialog button[type=submit]:visible", has_text="Add 4").click()
    expect(page.get_by_text("Your session has ended")).to_be_visible()
    driver.sign_in(page)
    add = page.get_by_role("button", name="Add 4")
    # It sends the change itself and goes, or lets itself be asked again. To ask a button that may go
    # whether it is enabled would wait for it to come back.
    ready = page.get_by_role("button", name="Add 4", disabled=False)
    eventually(lambda: add.count() == 0 or ready.count() > 0, "the dialog goes on")
    if ready.count():
        ready.click()
    expect(page.locator(".toast").filter(has_text="Added 4")).to_be_visible()
    assert driver.engine.entry(books.MUG, "STORE_FRONT")["quantity"] == before + 4
    expect(page.locator("#live")).to_have_attribute("data-state", "on")
    driver.no_complaints(but=["401", "Failed to load resource", "ERR_"])


def revoked_key_is_shown_the_door(driver):
    made = driver.engine.must("POST", "/api/v1/admin/keys", {"role": "admin", "name": "Temp"})
    page = driver.open(sign_in=False)
    page.get_by_label("Admin key").fill(made["key"])
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator("#live")).to_have_attribute("data-state", "on")
    driver.engine.must("DELETE", f"/api/v1/admin/keys/{made['id']}")
    expect(page.get_by_text("Your session has ended")).to_be_visible()
    driver.no_complaints(but=["401", "ERR_"])


TESTS = [
    wrong_keys_are_told, cookie_is_out_of_reach, markup_in_data_is_text,
    other_sites_cannot_change_anything, sign_out_ends_it, restart_asks_again_and_loses_nothing,
    revoked_key_is_shown_the_door,
]
