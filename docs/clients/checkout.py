"""A checkout in Python: hold, pay, then fulfil or release. Only the standard library.

Usage: STOCK_URL=… STOCK_KEY=… python3 checkout.py ORDER PRODUCT QUANTITY
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request

RESERVATIONS = os.environ["STOCK_URL"] + "/api/v1/store/reservations"
TIMEOUT = float(os.environ.get("TIMEOUT", "5"))


class Refused(Exception):
    """The engine said no. `problem` says why: `code`, and the numbers."""

    def __init__(self, problem):
        super().__init__(problem["detail"])
        self.problem = problem


def change(key, url, body):
    """Asks until there is an answer that settles it. The key stays the same, so the engine does it once
    however often it is asked: after a time-out, a lost connection, a 503, a 429, or while the first is
    running."""
    for attempt in range(6):
        request = urllib.request.Request(
            url, data=json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {os.environ['STOCK_KEY']}",
                     "Content-Type": "application/json", "Idempotency-Key": key})
        wait = min(2**attempt * 0.25, 5)
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            problem = json.load(error)
            if error.code not in (408, 429, 503) and problem["code"] != "idempotency_running":
                raise Refused(problem) from None
            wait = float(error.headers.get("Retry-After", wait))
        except OSError:
            pass  # Lost, or too late: it may have been done, so it is asked again with the same key.
        time.sleep(wait)
    raise TimeoutError(f"no answer to {key}")


def checkout(order, product, quantity, pay):
    held = change(f"{order}:hold", RESERVATIONS, {
        "order_id": order, "ttl_seconds": 900,
        "lines": [{"product_id": product, "quantity": quantity}]})
    print("held", held["reservation_id"])
    step = "fulfill" if pay() else "release"
    return change(f"{order}:{step}", f"{RESERVATIONS}/{held['reservation_id']}/{step}", {})


if __name__ == "__main__":
    try:
        done = checkout(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]),
                        pay=lambda: os.environ.get("PAYMENT", "ok") == "ok")
    except Refused as refused:
        sys.exit(f"refused: {refused.problem['code']}: {refused}")
    print(done["status"])
