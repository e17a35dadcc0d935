"""A million entries: import, memory, a crash and the start after it, scans, throughput.

200,000 products on 5 locations are imported; memory and recovery are told of these. Reserves run
beside lists over them. Then 800,000 products more come in, and reserves over all million products are
held against reserves over a thousand, in an engine that has no others.
"""

import time
from functools import partial
from pathlib import Path

from clients.stock_bench import load_of, stock_bench
from clients.wrk import wrk
from harness.figures import Run
from harness.peer import Bench, Load, Peer
from harness.plan import Plan
from harness.rounds import line, measure, order
from peers.stock.peer import BINARY, PLENTY, Engine

LOCATIONS = ("MAIN", "WAREHOUSE_WEST", "WAREHOUSE_EAST", "STORE_FRONT", "STORE_BACK")
THOUSAND = 1000
#: The id stands last: LuaJIT, which wrk runs its script in, looks for a long string by its ends, and
#: takes minutes for a hundred thousand that differ in the middle.
BODY = '{"location":"MAIN","quantity":1,"product_id":{id}}'


class Million(Peer):
    """Two engines: one with a thousand products, one that grows to a million."""

    name = "million"
    title = "stock, a million"

    def __init__(self) -> None:
        self.engines: dict[str, Engine] = {}

    def roots(self) -> list[int]:
        return [pid for engine in self.engines.values()
                for pid in (engine.process.pid, engine.redis_pid)]


def resident_bytes(pid: int) -> int:
    fields = Path(f"/proc/{pid}/status").read_text().split("VmRSS:", 1)[1].split()
    return int(fields[0]) * 1024


def run_million(bench: Bench, plan: Plan, runs: list[Run], figures: dict) -> None:
    """Adds the runs, and the single figures."""
    peer = Million()
    big = peer.engines["million"] = Engine(bench, bench.folder / "million")
    figures |= _fill_and_crash(bench, plan, big)
    _beside_scans(bench, plan, peer, runs)
    products = plan.million_products * len(LOCATIONS)
    _add_products(big, plan.million_products + 1, products)
    small = peer.engines["thousand"] = Engine(bench, bench.folder / "thousand")
    small.load_stock([(p, "MAIN", PLENTY) for p in range(1, THOUSAND + 1)],
                     bench.raw / "thousand-import.txt")
    _in_turns(bench, plan, peer, runs, {"thousand": THOUSAND, "million": products})
    verdict = big.tool("verify").stdout.strip()
    (bench.raw / "million-verify.txt").write_text(verdict + "\n")
    figures |= {"products": products, "books_at_the_end": verdict.splitlines()[-1]}
    for engine in peer.engines.values():
        engine.stop()


def _fill_and_crash(bench: Bench, plan: Plan, engine: Engine) -> dict:
    entries = plan.million_products * len(LOCATIONS)
    empty = resident_bytes(engine.process.pid)
    began = time.monotonic()
    engine.load_stock([(p, location, PLENTY) for p in range(1, plan.million_products + 1)
                       for location in LOCATIONS], bench.raw / "million-import.txt")
    imported = time.monotonic() - began
    full = resident_bytes(engine.process.pid)
    # Only the engine: its redis-server stays, as after a crash.
    bench.processes.kill(engine.process)
    began = time.monotonic()
    engine.start()
    recovered = time.monotonic() - began
    verdict = engine.tool("verify").stdout.strip().splitlines()[-1]
    began = time.monotonic()
    engine.get("/api/v1/store/inventory?limit=500&sort=-quantity")
    listed = time.monotonic() - began
    return {
        "entries": entries,
        "import_lines_per_second": round(entries / imported),
        "bytes_an_entry": (resident_bytes(engine.process.pid) - empty) / entries,
        "bytes_an_entry_after_import": (full - empty) / entries,
        "redis_bytes_an_entry": resident_bytes(engine.redis_pid) / entries,
        "start_seconds": round(recovered, 2),
        "recovered_per_second": round(entries / recovered),
        "list_of_500_ms": round(listed * 1000),
        "books_after_crash": verdict,
    }


def _beside_scans(bench: Bench, plan: Plan, peer: Million, runs: list[Run]) -> None:
    """Reserves at a fixed rate, without and beside lists over everything, in turns.

    The latency counts from when a request was due, so a scan that holds the others up is seen. In
    `mixed-admin` lists run in half of the time; what was asked in that half is what counts here.
    """
    engine = peer.engines["million"]
    scenarios = {"unscanned": ("spread", "reserve"), "scanned": ("mixed-admin", "reserve_beside_lists")}
    said: dict = {}

    def push(scenario: str, seconds: float) -> Load:
        name, kind = scenarios[scenario]
        said.clear()
        said.update(stock_bench(
            bench, BINARY, [name, "--url", engine.url, "--products", "10000", "--rate",
                            str(plan.scan_rate)], seconds, plan.warm_up, key=engine.key,
            roots=[engine.process.pid, engine.redis_pid]))
        return load_of(said, kind=kind)

    for number in range(1, plan.rounds + 1):
        for scenario, _ in order([("unscanned", ""), ("scanned", "")], number):
            run = measure(bench, peer, scenario, number, warm_up=0, patience=plan.patience,
                          seconds=plan.seconds * (2 if scenario == "scanned" else 1),
                          push=partial(push, scenario))
            runs.append({**run, "rate": plan.scan_rate, "lists": said.get("lists")})
            print(line(run), flush=True)


def _in_turns(bench: Bench, plan: Plan, peer: Million, runs: list[Run],
              products: dict[str, int]) -> None:
    """Reserves, uniformly over each engine's products, in turns."""
    def push(name: str, seconds: float) -> Load:
        engine = peer.engines[name]
        return wrk(bench, engine.url + "/api/v1/store/inventory/reserve", seconds, BODY,
                   products=products[name], requests=100_000, key=engine.key)

    for number in range(1, plan.rounds + 1):
        for name, _ in order([("thousand", ""), ("million", "")], number):
            runs.append(measure(bench, peer, name, number, seconds=plan.seconds,
                                warm_up=plan.warm_up, patience=plan.patience,
                                push=partial(push, name)))
            print(line(runs[-1]), flush=True)


def _add_products(engine: Engine, first: int, last: int) -> None:
    """Products with one entry each, made by `set` in batches, by a key of the store that has them."""
    key = engine.post("/api/v1/admin/keys", {"role": "store", "store_id": 1, "name": "fill"},
                      engine.key)["key"]
    for start in range(first, last + 1, 5000):
        operations = [{"op": "set", "product_id": p, "location": "MAIN", "quantity": PLENTY}
                      for p in range(start, min(start + 5000, last + 1))]
        results = engine.post("/api/v1/store/inventory/batch", {"operations": operations},
                              key)["results"]
        refused = [result for result in results if result["status"] >= 300]
        if refused:
            raise RuntimeError(f"a batch of sets: {refused[0]}")
