"""stock itself: keys checked, ledger on, an answer only when Redis (AOF everysec) has the change."""

import json
import os
import secrets
import subprocess
import time
import urllib.request
from pathlib import Path

from clients.wrk import PACKAGES, wrk
from harness.peer import Bench, Load, Peer
from harness.processes import NotStarted
from harness.redis import RedisClient

BINARY = Path(__file__).resolve().parents[3] / ".build/release/stock"
BODY = '{"product_id":{id},"location":"MAIN","quantity":1}'
LINE = '{"op":"reserve","product_id":{id},"location":"MAIN","quantity":1}'
PLENTY = 1_000_000_000
#: Operations a request, and requests under way, of the batch scenarios.
BATCH_LINES, BATCH_CONNECTIONS = 1000, 16


class Engine:
    """A `stock serve` on a data folder, with its own redis-server."""

    def __init__(self, bench: Bench, folder: Path, *, arguments: tuple[str, ...] = (),
                 environment: dict[str, str] | None = None, port: int = 0) -> None:
        """`port`: the plain one, needed where it speaks TLS too and so says that port instead."""
        self.port = port
        self.bench, self.folder, self.arguments = bench, folder, arguments
        self.environment = environment or {}
        self.key = "sk_" + secrets.token_urlsafe(32)
        self.start()

    def start(self) -> None:
        """Starts it, also again on what is in Redis; returns when it listens."""
        output = self.folder.with_suffix(f".{time.monotonic_ns()}.out")
        self.process = self.bench.processes.start(
            [str(BINARY), "serve", "--port", str(self.port), "--data", str(self.folder),
             "--log-level", "warning", *self.arguments],
            self.folder.with_suffix(".log"), output=output,
            env={"STOCK_ADMIN_KEY": self.key, **self.environment})
        end = time.monotonic() + 60
        while time.monotonic() < end and self.process.poll() is None:
            said = output.read_text()
            if said.startswith("listening on ") and said.endswith("\n"):
                self.url = f"http://127.0.0.1:{self.port}" if self.port else said.split()[2]
                self.redis_pid = int((self.folder / "redis.pid").read_text())
                self.bench.processes.adopt(self.redis_pid, str(self.folder))
                return
            time.sleep(0.005)
        raise NotStarted(f"the engine does not start: {self.folder.with_suffix('.log')}")

    def stop(self) -> None:
        """In order: it stops its redis-server too."""
        self.bench.processes.stop(self.process)

    def tool(self, *arguments: str) -> subprocess.CompletedProcess:
        """`stock …` against this engine."""
        return subprocess.run(
            [str(BINARY), *arguments, "--url", self.url], capture_output=True, text=True,
            env={**os.environ, "STOCK_KEY": self.key}, check=False, timeout=300)

    def get(self, path: str) -> bytes:
        request = urllib.request.Request(
            self.url + path, headers={"Authorization": f"Bearer {self.key}"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read()

    def post(self, path: str, body: dict, key: str) -> dict:
        request = urllib.request.Request(
            self.url + path, data=json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def load_stock(self, entries: list[tuple[int, str, int]], raw: Path) -> None:
        """Imports (product, location, quantity)."""
        sheet = self.folder.with_suffix(".csv")
        sheet.write_text("sku,title,location,quantity,product_id\n" + "".join(
            f"SKU-{p:06},Product number {p} with a title,{location},{quantity},{p}\n"
            for p, location, quantity in entries))
        done = self.tool("import", str(sheet))
        raw.write_text(done.stdout + done.stderr)
        if done.returncode != 0:
            raise NotStarted(f"stock import failed: {done.stderr}")

    def reserved(self) -> int:
        """Units reserved over all entries, as they stand in Redis (docs/redis-layout.md)."""
        with RedisClient(str(self.folder / "redis.sock")) as redis:
            shards = int(redis.call("HGET", "stock:manifest", "shards"))
            answers = redis.pipeline(
                [("HVALS", f"stock:{{{shard}}}:entries") for shard in range(shards)])
            return sum(int(entry.split(" ", 2)[1]) for answer in answers for entry in answer)


class Stock(Peer):
    name = "stock"
    title = "stock"
    packages = {**PACKAGES, "redis-server": "redis-server"}
    scenarios = ("hot", "keyed", "sold-out", "spread", "batch-hot", "batch-many")

    def start(self, bench: Bench) -> None:
        self.bench = bench
        self.engine = Engine(bench, bench.folder / "stock")
        self.sold_out = bench.products + 1
        self.engine.load_stock(
            [(p, "MAIN", PLENTY) for p in range(1, bench.products + 1)]
            + [(self.sold_out, "MAIN", 0)], bench.raw / "stock-import.txt")

    def roots(self) -> list[int]:
        return [self.engine.process.pid, self.engine.redis_pid]

    def stop(self) -> None:
        self.engine.stop()

    def load(self, scenario: str, seconds: float) -> Load:
        url = self.engine.url + "/api/v1/store/inventory/reserve"
        batch = self.engine.url + "/api/v1/store/inventory/batch"

        def push(target: str, body: str, **options) -> Load:
            return wrk(self.bench, target, seconds, body, key=self.engine.key, **options)

        match scenario:
            case "hot":
                return push(url, BODY)
            case "keyed":
                return push(url, BODY, keyed=True)
            case "sold-out":
                return push(url, BODY.replace("{id}", str(self.sold_out)), expected_refusal=True)
            case "spread":
                return push(url, BODY, products=2000)
            case "batch-hot" | "batch-many":
                return push(batch, '{"operations":[{lines}]}', line=LINE, lines=BATCH_LINES,
                            connections=BATCH_CONNECTIONS,
                            products=self.bench.products if scenario == "batch-many" else 1)
        raise ValueError(scenario)

    def reserved(self, scenario: str) -> int:
        return self.engine.reserved()

    def final_check(self) -> str:
        done = self.engine.tool("verify")
        (self.bench.raw / "stock-verify.txt").write_text(done.stdout + done.stderr)
        return done.stdout.strip().splitlines()[-1] if done.returncode == 0 else "wrong"
