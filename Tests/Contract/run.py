#!/usr/bin/env python3
"""Holds docs/openapi.yaml against a running engine: schemathesis asks whatever the contract allows,
and much that it does not, with a key of each role, and looks at every answer.

Starts an engine of its own on a free port, with some data in it, and ends it. Exits with 1 if there was
an answer that the contract does not know."""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from engine import ROOT, Engine

HERE = pathlib.Path(__file__).resolve().parent
ROLES = ["admin", "store", "checkout", "read"]


def fill(engine):
    """Two stores, products of every kind, stock, reservations; a key of each role."""
    for store in (1, 2):
        engine.ask("PUT", f"/api/v1/admin/stores/{store}",
                   {"name": f"Store {store}", "location_priority": ["MAIN", "WEST"]})
    kinds = [{}, {}, {}, {"product_type": "digital"}, {"safety_stock": 5},
             {"backorder_limit": 10}, {"purchase_limit": 3}, {"low_stock_threshold": 50}]
    for product in range(1, 31):
        store = 2 if product > 24 else 1
        engine.ask("PUT", f"/api/v1/admin/products/{product}", {
            "store_id": store, "title": f"Product <{product}>", "sku": f"SKU-{product}",
            **kinds[product % len(kinds)]})
        for location in ("MAIN", "WEST"):
            engine.ask("POST", "/api/v1/admin/inventory/set", {
                "store_id": store, "product_id": product, "location": location, "quantity": 5000})
    keys = {"admin": engine.admin_key}
    for role in ROLES[1:]:
        keys[role] = engine.ask("POST", "/api/v1/admin/keys",
                                {"role": role, "store_id": 1, "name": role})["key"]
    for number in range(8):
        engine.ask("POST", "/api/v1/store/reservations", {
            "order_id": f"c{number}", "reservation_id": f"c{number}", "customer_id": "c1",
            "ttl_seconds": 604800, "lines": [{"product_id": number * 3 + 1, "quantity": 2}]},
            key=keys["store"])
    listed = engine.ask("GET", "/api/v1/admin/keys")["items"]
    return keys, max(item["id"] for item in listed)


def schemathesis(options, engine, role, key, own_keys, folder, phases, examples):
    """One run. Its examples are the same for the same seed."""
    counts = pathlib.Path(folder) / "counts.json"
    counts.unlink(missing_ok=True)
    environment = {
        **os.environ, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE),
        "CONTRACT_KEYS": str(own_keys), "CONTRACT_COUNTS": str(counts), "NO_COLOR": "1",
    }
    command = [
        os.path.abspath(options.schemathesis), "--config-file", str(HERE / "schemathesis.toml"), "run",
        str(ROOT / "docs/openapi.yaml"), "--url", engine.url,
        "--header", f"Authorization: Bearer {key}", "--seed", str(options.seed),
        "--max-examples", str(examples),
        # One: with two, hypothesis stumbles now and then over caches that both of them use.
        "--workers", "1",
        "--request-timeout", str(options.patience), "--continue-on-failure", "--suppress-health-check", "all",
        "--phases", phases, "--generation-database", "none", "--warnings", "off",
    ]
    if options.only:
        command += ["--include-operation-id", options.only]
    print(f"== {phases} with a key of role {role}", flush=True)
    status = subprocess.run(command, env=environment, cwd=folder).returncode
    found = json.loads(counts.read_text()) if counts.exists() else {}
    return status, found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True, help="the engine's executable")
    parser.add_argument("--schemathesis", required=True, help="the st executable")
    parser.add_argument("--examples", type=int, default=100, help="random examples a call")
    parser.add_argument("--chains", type=int, default=20,
                        help="chains of calls, each with what the one before answered")
    parser.add_argument("--phases", default="examples,coverage,fuzzing")
    parser.add_argument("--roles", default=",".join(ROLES))
    parser.add_argument("--patience", type=int, default=300,
                        help="seconds for one answer: no machine is so slow, so it never comes")
    parser.add_argument("--only", help="one call, by its operationId")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", help="file for the counts, as JSON")
    parser.add_argument("--least", type=int, default=0, help="fail below so many requests")
    options = parser.parse_args()
    total, failed = {}, []
    with tempfile.TemporaryDirectory(prefix="stock-contract-") as folder:
        engine = Engine(options.binary, folder)
        try:
            keys, own_keys = fill(engine)
            runs = [(role, options.phases, options.examples) for role in options.roles.split(",")]
            if options.chains:
                runs.append(("admin", "stateful", options.chains))
            for role, phases, examples in runs:
                status, found = schemathesis(
                    options, engine, role, keys[role], own_keys, folder, phases, examples)
                if status != 0:
                    failed.append(f"{role} ({phases})")
                for name, count in found.items():
                    total[name] = total.get(name, 0) + count
            verified = engine.ask("POST", "/api/v1/admin/verify")["difference_count"]
            alive = engine.process.poll() is None
        finally:
            engine.stop()
            print(engine.log.read_text()[-2000:])
    statuses = {name: count for name, count in sorted(total.items()) if name.startswith("status ")}
    good = {name[5:]: count for name, count in total.items() if name.startswith("good ")}
    print(f"{total.get('requests', 0)} requests: " + ", ".join(
        f"{count} x {name[7:]}" for name, count in statuses.items()))
    print(f"{len(good)} calls were answered with 2xx; "
          f"memory and Redis differ in {verified} places")
    if options.report:
        pathlib.Path(options.report).write_text(json.dumps(
            {"seed": options.seed, "requests": total.get("requests", 0), "statuses": statuses,
             "answered_2xx": good, "failed": failed}, indent=2) + "\n")
    if failed or verified != 0 or not alive:
        print(f"FAILED: {failed}, differences {verified}, engine alive {alive}")
        return 1
    if total.get("requests", 0) < options.least:
        print(f"FAILED: fewer than {options.least} requests")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
