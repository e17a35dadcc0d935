"""Runs the tests, one after the other, and says which failed."""

import argparse
import sys
import time
import traceback

from playwright.sync_api import sync_playwright

from . import accessibility, books, functions, pictures, safety
from .driver import Driver
from .engine import Engine


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default=".build/release/stock")
    parser.add_argument("--quick", action="store_true", help="the functions only, few entries")
    parser.add_argument("--entries", type=int, default=100_000, help="for the time of the first view")
    parser.add_argument("--screenshots", help="a folder to write pictures into")
    parser.add_argument("--only", help="part of a test's name")
    options = parser.parse_args()

    tests = functions.TESTS + safety.TESTS
    if not options.quick:
        tests += accessibility.TESTS
    if options.only:
        tests = [test for test in tests if options.only in test.__name__]
    failed = []
    with sync_playwright() as playwright, Engine(options.binary) as engine:
        driver = Driver(playwright, engine)
        if not options.only:
            run(functions.empty_shop, driver, failed)
        books.fill(engine)
        for test in tests:
            run(test, driver, failed)
        if options.screenshots:
            pictures.take(driver, options.screenshots)
            driver.end_page()
        many = functions.first_view_is_quick
        if not options.quick and (options.only or "") in many.__name__:
            books.fill_many(engine, options.entries)
            run(many, driver, failed)
        driver.close()
    print(f"{len(failed)} failed: {', '.join(failed)}" if failed else "all passed")
    sys.exit(1 if failed else 0)


def run(test, driver, failed):
    began = time.monotonic()
    try:
        test(driver)
        print(f"ok    {test.__name__} ({time.monotonic() - began:.1f} s)", flush=True)
    except Exception:  # Whatever it was, the next test has a new page.
        failed.append(test.__name__)
        print(f"FAIL  {test.__name__}", flush=True)
        traceback.print_exc()
    finally:
        driver.end_page()


main()
