"""A browser, and a page that is signed in. Waits are up to 60 s: a busy machine fails no test."""

import time

from playwright.sync_api import expect

from .engine import ADMIN_KEY

expect.set_options(timeout=60_000)

DESKTOP = {"viewport": {"width": 1360, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}


class Driver:
    def __init__(self, playwright, engine):
        self.engine = engine
        self.browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        self.context = None

    def close(self):
        self.browser.close()

    def open(self, hash="", sign_in=True, **kind):
        """A new browser's first page. Whatever it complains of fails the test."""
        self.end_page()
        self.context = self.browser.new_context(base_url=self.engine.url, **(kind or DESKTOP))
        self.context.set_default_timeout(60_000)
        page = self.context.new_page()
        self.complaints = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda message: self.complaints.append(message.text)
                if message.type in ("error", "warning") else None)
        page.on("dialog", lambda dialog: (self.complaints.append("alert: " + dialog.message), dialog.dismiss()))
        page.goto("/admin/inventory" + hash)
        if sign_in:
            self.sign_in(page)
        return page

    def sign_in(self, page):
        page.get_by_label("Admin key").fill(ADMIN_KEY)
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.locator("#main")).to_be_visible()

    def end_page(self):
        if not self.context:
            return
        self.context.close()
        self.context = None

    def no_complaints(self, but=()):
        left = [text for text in self.complaints if not any(word in text for word in but)]
        assert not left, left


def eventually(check, what):
    """Until `check` gives something, for 60 s."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        found = check()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("never came true: " + what)
