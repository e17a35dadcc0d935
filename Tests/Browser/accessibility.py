"""axe-core over every view, light and dark, wide and narrow."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from . import books
from .driver import DESKTOP, PHONE
from .functions import rows

# The policy lets no script in but the page's own; the checker comes in through the debugger.
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def check(page, what):
    # Colours in the middle of a fade are nobody's.
    page.wait_for_function("() => document.getAnimations().every((one) => one.playState !== 'running' || one.effect.getTiming().iterations === Infinity)")
    results = Axe().run(page, options=RULES).response
    heavy = [f"{one['id']} ({one['impact']}): {one['nodes'][0]['html'][:120]} {one['nodes'][0]['failureSummary'][:200]}"
             for one in results["violations"]]
    assert not heavy, (what, heavy)


def walk(driver, what, **kind):
    page = driver.open(sign_in=False, **kind)
    check(page, f"{what} sign-in")
    driver.sign_in(page)
    expect(rows(page)).to_have_count(50)
    expect(page.locator("#figures .ghost")).to_have_count(0)
    check(page, f"{what} inventory")
    rows(page).first.click()
    expect(page.locator("dialog.panel ol.steps li").first).to_be_visible()
    check(page, f"{what} product")
    page.locator("dialog.panel").get_by_role("button", name="Adjust").first.click()
    page.get_by_label("Add or remove").fill("-1")
    check(page, f"{what} adjust")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    for name in ("low-stock", "reservations", "movements"):
        page.goto("/admin/inventory#" + name)
        expect(page.locator(f"#view-{name} tbody tr[tabindex]").first).to_be_visible()
        # Rows further down fill when they are looked at.
        expect(page.locator(f"#view-{name} tbody tr").first.locator(".ghost")).to_have_count(0)
        check(page, f"{what} {name}")
    # Nothing is wider than the screen.
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def no_barriers_light(driver):
    walk(driver, "light", **DESKTOP)


def no_barriers_dark(driver):
    walk(driver, "dark", color_scheme="dark", **DESKTOP)


def no_barriers_phone(driver):
    walk(driver, "phone", **PHONE)


TESTS = [no_barriers_light, no_barriers_dark, no_barriers_phone]
