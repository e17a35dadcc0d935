"""What schemathesis has to know of the engine: which values are worth trying, and what an answer has
to be beyond what OpenAPI can say. Loaded by run.py through SCHEMATHESIS_HOOKS."""

import atexit
import collections
import itertools
import json
import os
import threading
import zlib

import schemathesis

COMMON = {
    "invalid_request", "unauthorized", "forbidden", "not_found", "method_not_allowed",
    "request_timeout", "payload_too_large", "headers_too_large", "overloaded", "store_unavailable",
    "outcome_unknown",
}
WITH_BODY = {"unsupported_media_type"}
WITH_KEY = {"idempotency_mismatch", "idempotency_running"}
# A body that fits its schema is refused with a 400 only for what a schema cannot say.
BEYOND_SCHEMA = (
    "would take the entry or its product past",
    "is required for a physical product",
    "is required, because a product has a purchase limit",
    "must differ from 'from'",
    "names a store that does not exist",
    "must not be in the past",
    "must be a time",
    "contradicts product_type",
    "must be after starts_at",
    "must not be more than quantity",
    "names a product and location of which",
    "makes more than",
    "more than once",
    "in an atomic batch",
    "if atomic",
    "bytes",
    "must be your own store",
    "is not one of this list",
    "is of an export that is over",
    # Schemathesis takes the quotes off some values of its own making.
    "must be * or versions in quotes",
)
LARGEST = 2**53 - 1
KEYS_OF_THE_RUN = int(os.environ["CONTRACT_KEYS"])

counts = collections.Counter()
numbers = itertools.count()
lock = threading.Lock()


@atexit.register
def tell():
    with open(os.environ["CONTRACT_COUNTS"], "w") as file:
        json.dump(counts, file)


# Values: most are bent to what is there, so that not all answers are a 404. The choice rests on the
# value itself, so that a case that fails can be repeated.

def bend(name, value):
    whole = isinstance(value, int) and not isinstance(value, bool)
    if name in ("product_id", "id") and whole and 1 <= value <= LARGEST:
        return value if value % 8 == 0 else value % 30 + 1
    if name == "store_id" and whole and 1 <= value <= LARGEST:
        return value if value % 8 == 0 else value % 2 + 1
    if name in ("quantity", "reserved_quantity") and whole and 1 < value <= LARGEST:
        return value if value % 8 == 0 else value % 9 + 1
    if name in ("expected_version", "expected_quantity") and whole and 0 <= value <= LARGEST:
        return value % 6
    if name in ("location", "from", "to") and isinstance(value, str) and is_location(value):
        place = zlib.crc32(value.encode()) % 5
        return value if place == 4 else ("MAIN", "main", "WEST", "SHOP 1")[place]
    if name in ("reservation", "reservation_id", "order_id") and isinstance(value, str) and value:
        place = zlib.crc32(value.encode("utf-8", "surrogatepass")) % 12
        return value if place > 7 else f"c{place}"
    return value


def is_location(text):
    inner = text.strip(" \t\r\n")
    return 1 <= len(inner) <= 64 and all(
        c.isascii() and (c.isalnum() or c in "_-./ ") for c in inner)


def bend_all(node):
    if isinstance(node, dict):
        return {name: bend(name, bend_all(value)) for name, value in node.items()}
    if isinstance(node, list):
        return [bend_all(value) for value in node]
    # To JSON Schema 5.0 is an integer. To the engine it is not, and says so: JSONTests.
    if isinstance(node, float) and node.is_integer():
        return int(node)
    return node


@schemathesis.hook
def map_body(context, body):
    return bend_all(body)


@schemathesis.hook
def map_path_parameters(context, parameters):
    return bend_all(parameters) if parameters else parameters


@schemathesis.hook
def map_query(context, query):
    return bend_all(query) if isinstance(query, dict) else query


@schemathesis.hook
def before_call(context, case, kwargs):
    # The keys that the run itself needs stay.
    if case.operation.definition.raw["operationId"] == "revokeKey":
        given = (case.path_parameters or {}).get("id")
        if str(given).isdigit() and int(given) <= KEYS_OF_THE_RUN:
            case.path_parameters["id"] = int(given) + KEYS_OF_THE_RUN
    # The same key for other requests is a 422 whatever they ask: that is tried often enough.
    key = (case.headers or {}).get("Idempotency-Key")
    if isinstance(key, str) and 1 <= len(key) <= 200 and all("!" <= c <= "~" for c in key):
        number = next(numbers)
        if number % 16:
            case.headers["Idempotency-Key"] = f"{key}-{number}"


@schemathesis.hook
def after_call(context, case, response):
    with lock:
        counts["requests"] += 1
        counts[f"status {response.status_code}"] += 1
        if response.status_code < 300:
            counts[f"good {case.operation.definition.raw['operationId']}"] += 1


# Checks.

def problem_of(response):
    kind = (response.headers.get("content-type") or [""])[0]
    return response.json() if kind.startswith("application/problem+json") else None


@schemathesis.check
def problem_is_documented(ctx, response, case):
    """An error's code is one that the call documents, with its status, and a 400 names a field."""
    raw = case.operation.definition.raw
    problem = problem_of(response)
    if problem is None:
        assert response.status_code < 400 or raw["operationId"] == "readReadiness", (
            "an error without a problem")
        return
    assert problem["status"] == response.status_code, "the problem's status is another"
    if response.request is not None and response.request.method.lower() != case.operation.method:
        return
    known = COMMON | set(raw["x-problem-codes"])
    if "requestBody" in raw:
        known |= WITH_BODY
    names = [p.get("$ref", p.get("name", "")) for p in raw.get("parameters", [])]
    if any(name.endswith(("IdempotencyKey", "Idempotency-Key")) for name in names):
        known |= WITH_KEY
    assert problem["code"] in known, f"{problem['code']} is not among the call's x-problem-codes"
    if response.status_code == 400:
        assert problem.get("errors"), "a 400 that names no field"


@schemathesis.check
def good_requests_are_taken(ctx, response, case):
    """What fits the contract is refused as malformed only for reasons that no schema can state."""
    meta = case.meta
    if meta is None or not meta.generation.mode.is_positive or response.status_code != 400:
        return
    messages = [error["message"] for error in (problem_of(response) or {}).get("errors", [])]
    assert all(any(known in message for known in BEYOND_SCHEMA) for message in messages), (
        f"refused although it fits the contract: {messages}")


@schemathesis.check
def every_answer_has_an_id(ctx, response, case):
    assert response.headers.get("x-request-id"), "no X-Request-Id"


@schemathesis.check
def unavailable_is_the_only_failure(ctx, response, case):
    """A 5xx that is not a 503 is a bug; a 503 says when to come again."""
    assert response.status_code < 500 or response.status_code == 503, "a 5xx"
    if response.status_code == 503 and problem_of(response) is not None:
        assert response.headers.get("retry-after"), "no Retry-After"
