#!/usr/bin/env python3
"""Runs the checkouts of docs/clients against a real engine, through a proxy that loses answers: each
has to hold, to pay, to ship or to give back, and whatever is asked twice may happen once only.

A language that is not on this machine is skipped, and said to be."""

import argparse
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Contract"))
from engine import ROOT, Engine  # noqa: E402

CLIENTS = ROOT / "docs/clients"


class LossyProxy:
    """Hands every request on to the engine. The first answer to each idempotency key is lost: after the
    engine has done its work, the client hears nothing and has to give up waiting."""

    def __init__(self, host, port):
        self.target = (host, port)
        self.known, self.lost, self.lock = set(), 0, threading.Lock()
        self.losing = True
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    @staticmethod
    def message(connection, rest=b""):
        """One HTTP message with a Content-Length, and what came behind it."""
        data = rest
        while b"\r\n\r\n" not in data:
            piece = connection.recv(65536)
            if not piece:
                return None, b""
            data += piece
        head, body = data.split(b"\r\n\r\n", 1)
        found = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        length = int(found.group(1)) if found else 0
        while len(body) < length:
            piece = connection.recv(65536)
            if not piece:
                return None, b""
            body += piece
        return head + b"\r\n\r\n" + body[:length], body[length:]

    def serve(self, client):
        try:
            with client, socket.create_connection(self.target) as engine:
                rest = back = b""
                while True:
                    request, rest = self.message(client, rest)
                    if request is None:
                        return
                    engine.sendall(request)
                    answer, back = self.message(engine, back)
                    if answer is None:
                        return
                    if self.losing and self.is_first(request):
                        client.recv(1)  # Until the client gives up.
                        return
                    client.sendall(answer)
        except OSError:
            return

    def is_first(self, request):
        found = re.search(rb"(?i)\r\nidempotency-key: *(\S+)", request)
        with self.lock:
            if not found or found.group(1) in self.known:
                return False
            self.known.add(found.group(1))
            self.lost += 1
            return True


def commands(folder):
    """What runs each client, or why it is skipped."""
    yield "curl", [str(CLIENTS / "checkout.sh")] if shutil.which("curl") else "no curl here"
    yield "python", [sys.executable, str(CLIENTS / "checkout.py")]
    yield "typescript", typescript(folder)
    yield "swift", swift(folder)


def typescript(folder):
    node = shutil.which("node")
    if not node:
        return "no node here"
    version = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
    major, minor = (int(part) for part in version.strip().lstrip("v").split(".")[:2])
    source = CLIENTS / "checkout.ts"
    if (major, minor) >= (22, 6):
        return [node, "--experimental-strip-types", "--no-warnings", str(source)]
    if not shutil.which("tsc"):
        return f"node {version.strip()} does not read TypeScript, and there is no tsc (node-typescript)"
    subprocess.run(["tsc", "--strict", "--noImplicitAny", "false", "--target", "es2022", "--lib",
                    "es2022,dom", "--outDir", folder, str(source)], check=True)
    return [node, str(pathlib.Path(folder) / "checkout.js")]


def swift(folder):
    if not shutil.which("swiftc"):
        return "no swiftc here"
    target = pathlib.Path(folder) / "checkout-swift"
    subprocess.run(["swiftc", "-swift-version", "6", "-parse-as-library", "-o", str(target),
                    str(CLIENTS / "checkout.swift")], check=True)
    return [str(target)]


def check(engine, proxy, name, command, product, store_key):
    """One client: an order that is paid, one that is not, one that cannot be had."""
    engine.ask("PUT", f"/api/v1/admin/products/{product}", {"store_id": 1, "title": name})
    engine.ask("POST", "/api/v1/admin/inventory/set", {
        "store_id": 1, "product_id": product, "location": "MAIN", "quantity": 10})
    key = engine.ask("POST", "/api/v1/admin/keys",
                     {"role": "checkout", "store_id": 1, "name": name})["key"]

    def run(order, quantity, payment):
        return subprocess.run(
            [*command, order, str(product), str(quantity)], capture_output=True, text=True,
            timeout=600, env={
                **os.environ, "STOCK_URL": f"http://127.0.0.1:{proxy.port}", "STOCK_KEY": key,
                "TIMEOUT": "2", "PAYMENT": payment})

    def expect(what, condition, result):
        if not condition:
            raise AssertionError(
                f"{name}: {what}\n{result.stdout}\n{result.stderr}\nexit {result.returncode}")

    def stock():
        answer = engine.ask("GET", f"/api/v1/store/inventory/product/{product}", key=store_key)
        return answer["total_quantity"], answer["total_reserved"]

    def reservations(order):
        return engine.ask("GET", f"/api/v1/store/reservations?order_id={order}",
                          key=store_key)["items"]

    before = proxy.lost
    paid = run(f"{name}-paid", 3, "ok")
    expect("a paid order is shipped", paid.returncode == 0 and paid.stdout.split()[-1] == "fulfilled",
           paid)
    expect("shipped once", stock() == (7, 0), paid)
    expect("one reservation", [r["status"] for r in reservations(f"{name}-paid")] == ["fulfilled"],
           paid)
    expect("two answers were lost on the way", proxy.lost - before == 2, paid)

    declined = run(f"{name}-declined", 2, "declined")
    expect("an order that is not paid is given back",
           declined.returncode == 0 and declined.stdout.split()[-1] == "released", declined)
    expect("all is there again", stock() == (7, 0), declined)

    refused = run(f"{name}-refused", 8, "ok")
    expect("more than there is is refused", refused.returncode == 1
           and "insufficient_stock" in refused.stdout + refused.stderr, refused)
    expect("a refusal changes nothing", stock() == (7, 0), refused)

    again = run(f"{name}-paid", 3, "ok")
    expect("the same order again ships nothing more",
           again.returncode == 0 and stock() == (7, 0), again)
    print(f"ok       {name}: held, shipped, given back, refused; {proxy.lost - before} answers lost")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True, help="the engine's executable")
    options = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory(prefix="stock-clients-") as folder:
        engine = Engine(options.binary, folder)
        try:
            engine.ask("PUT", "/api/v1/admin/stores/1", {"name": "Store 1"})
            store_key = engine.ask("POST", "/api/v1/admin/keys",
                                   {"role": "store", "store_id": 1, "name": "tests"})["key"]
            host, port = engine.url.split("//")[1].split(":")
            proxy = LossyProxy(host, int(port))
            for place, (name, command) in enumerate(commands(folder)):
                if isinstance(command, str):
                    print(f"skipped  {name}: {command}")
                    continue
                try:
                    check(engine, proxy, name, command, place + 1, store_key)
                except (AssertionError, subprocess.SubprocessError) as error:
                    failed += 1
                    print(f"FAILED   {error}")
        finally:
            engine.stop()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
