#!/usr/bin/env python3
"""What a key, a token (JWT) and TLS cost a reserve: one engine without keys, one with, in turns.

CPU time of engine and Redis, as /proc tells it; the client's is not in it. What a connection costs is told
apart, from two runs of different length. Rounds alternate; each figure is the median of its rounds.
"""

import argparse
import base64
import hashlib
import hmac
import json
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from clients.wrk import PACKAGES, wrk
from harness.cpu import family_seconds, settle
from harness.packages import install
from harness.peer import Bench, Load
from harness.processes import NotStarted, Processes, free_port
from peers.stock.peer import BODY, PLENTY, Engine

ISSUER, AUDIENCE = "https://id.example.com", "stock"


def token(secret: str) -> str:
    """A token of HS256 for an hour, of a checkout of store 1."""
    def part(value: bytes) -> str:
        return base64.urlsafe_b64encode(value).decode().rstrip("=")

    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "bench", "exp": int(time.time()) + 3600,
              "role": "checkout", "store_id": 1}
    text = ".".join(part(json.dumps(one).encode()) for one in ({"alg": "HS256", "typ": "JWT"}, claims))
    return f"{text}.{part(hmac.digest(secret.encode(), text.encode(), hashlib.sha256))}"


def certificate(folder: Path) -> list[str]:
    """Flags for a certificate that lasts a day."""
    key, chain = folder / "key.pem", folder / "chain.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "1", "-keyout", str(key), "-out", str(chain), "-subj", "/CN=localhost"],
        check=True, capture_output=True)
    return ["--tls-cert", str(chain), "--tls-key", str(key)]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=int, default=4)
    options.add_argument("--connections", type=int, default=64)
    said = options.parse_args()
    install({**PACKAGES, "redis-server": "redis-server", "openssl": "openssl"})
    processes = Processes()
    with tempfile.TemporaryDirectory(prefix="stock-access-") as name:
        try:
            measure(said, Path(name), processes)
        except NotStarted as error:
            print(error, file=sys.stderr)
            return 1
        finally:
            processes.stop_all()
    return 0


def measure(said: argparse.Namespace, folder: Path, processes: Processes) -> None:
    bench = Bench(folder, folder, processes, connections=said.connections)
    secret = secrets.token_urlsafe(32)
    port = free_port()
    closed = Engine(bench, folder / "keys", arguments=(
        "--jwt-issuer", ISSUER, "--jwt-audience", AUDIENCE, "--tls-port", str(port),
        *certificate(folder)), environment={"STOCK_JWT_SECRET": secret}, port=free_port())
    opened = Engine(bench, folder / "none", arguments=("--auth", "none"))
    for engine in (closed, opened):
        engine.load_stock([(1, "MAIN", PLENTY)], folder / "import.txt")
    made = closed.post(
        "/api/v1/admin/keys", {"role": "checkout", "store_id": 1, "name": "bench"}, closed.key)
    path = "/api/v1/store/inventory/reserve"
    plain, secure = closed.url + path, f"https://127.0.0.1:{port}{path}"
    jwt = token(secret)
    variants = {
        "plain, no key": (opened, opened.url + path, None),
        "plain, key": (closed, plain, made["key"]),
        "plain, token": (closed, plain, jwt),
        "TLS, key": (closed, secure, made["key"]),
        "TLS, token": (closed, secure, jwt),
    }
    costs: dict[str, list[float]] = {name: [] for name in variants}
    rates: dict[str, list[float]] = {name: [] for name in variants}
    starts: dict[str, list[float]] = {name: [] for name in variants}
    for turn in range(said.rounds):
        order = list(variants.items())
        for name, (engine, url, key) in order if turn % 2 == 0 else reversed(order):
            bench.run_name = f"{turn}-{name.replace(', ', '-').replace(' ', '-')}"
            # Each run opens its connections anew: what two runs of different length have in common is that.
            short, used = push(bench, engine, name, url, key, 1)
            long, more = push(bench, engine, name, url, key, said.seconds)
            cost = (more - used) / max(1, long.requests - short.requests)
            costs[name].append(1e6 * cost)
            starts[name].append(1e3 * (more - cost * long.requests) / said.connections)
            rates[name].append(long.requests / long.seconds)
    print("| reserve of one product | CPU a request | beside a key | CPU a connection | reserves/s |")
    print("|---|---|---|---|---|")
    for name in variants:
        ratio = statistics.median(costs[name]) / statistics.median(costs["plain, key"])
        print(f"| {name} | {statistics.median(costs[name]):.1f} µs | {ratio:.2f} | "
              f"{max(0.0, statistics.median(starts[name])):.1f} ms | "
              f"{statistics.median(rates[name]):,.0f} |")


def push(bench: Bench, engine: Engine, name: str, url: str, key: str | None,
         seconds: int) -> tuple[Load, float]:
    """Load, and the CPU seconds that it cost."""
    settle(at_most=2)
    roots = [engine.process.pid, engine.redis_pid]
    before = family_seconds(roots)
    load = wrk(bench, url, seconds, BODY, key=key)
    if load.errors or not load.requests:
        raise NotStarted(f"{name}: {load.errors} of {load.requests} answers are wrong")
    return load, family_seconds(roots) - before


if __name__ == "__main__":
    sys.exit(main())
