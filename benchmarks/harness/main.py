"""The command line: from a plan to a results folder."""

import argparse
import dataclasses
import json
import shutil
import signal
import tempfile
import time
from pathlib import Path

from harness import machine
from harness.figures import Runs
from harness.packages import install
from harness.peer import Bench
from harness.plan import PLANS, Plan
from harness.processes import Processes
from harness.rounds import line, measure, order
from harness.speed import speed_table
from peers import ALL
from peers.stock.peer import BINARY

ROOT = Path(__file__).resolve().parents[2]


def arguments(given: list[str] | None = None) -> tuple[argparse.Namespace, Plan]:
    parser = argparse.ArgumentParser(prog="benchmarks/run.py", description=__doc__)
    parser.add_argument("plan", nargs="?", default="full", choices=PLANS)
    parser.add_argument("--rounds", type=int, help="how often each is run")
    parser.add_argument("--seconds", type=int, help="length of a run, in whole seconds")
    parser.add_argument("--connections", type=int, default=128)
    parser.add_argument("--only", metavar="PEER,…", help="these peers: " + ", ".join(
        peer.name for peer in ALL))
    parser.add_argument("--scenarios", metavar="NAME,…", help="these scenarios")
    parser.add_argument("--results", type=Path, help="the folder to write to")
    said = parser.parse_args(given)
    plan = PLANS[said.plan]
    changes = {name: getattr(said, name) for name in ("rounds", "seconds") if getattr(said, name)}
    cells = plan.cells
    if said.only:
        cells = [cell for cell in cells if cell[0] in said.only.split(",")]
    if said.scenarios:
        cells = [cell for cell in cells if cell[1] in said.scenarios.split(",")]
    return said, dataclasses.replace(plan, cells=cells, **changes)


def main(given: list[str] | None = None) -> int:
    said, plan = arguments(given)
    if not BINARY.exists():
        print(f"{BINARY} is missing: make build")
        return 2
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    peers = {peer.name: peer() for peer in ALL if any(peer.name == cell[0] for cell in plan.cells)}
    for peer in peers.values():
        install(peer.packages)

    began = time.time()
    built = machine.commit(ROOT)
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(began))
    results = said.results or ROOT / "benchmarks/results" / f"{stamp}-{built['commit']}"
    raw = results / "raw"
    raw.mkdir(parents=True)
    folder = Path(tempfile.mkdtemp(prefix="stock-bench-"))
    folder.chmod(0o755)  # PostgreSQL runs as its own user and has its folder in here
    processes = Processes()
    bench = Bench(folder, raw, processes, connections=said.connections, products=plan.products)
    runs: list[dict] = []
    try:
        facts = machine.facts(folder)
        for peer in peers.values():
            print(f"starting {peer.title}", flush=True)
            peer.start(bench)
        for number in range(1, plan.rounds + 1):
            for name, scenario in order(plan.cells, number):
                run = measure(bench, peers[name], scenario, number, seconds=plan.seconds,
                              warm_up=plan.warm_up, patience=plan.patience)
                runs.append(run)
                print(line(run), flush=True)
        checks = {name: verdict for name, peer in peers.items()
                  if (verdict := peer.final_check()) is not None}
    except KeyboardInterrupt:
        print("stopped")
        return 130
    finally:
        processes.stop_all()
        shutil.rmtree(folder, ignore_errors=True)
    (results / "results.json").write_text(json.dumps({
        "plan": dataclasses.asdict(plan), "machine": facts, **built, "runs": runs,
        "checks": checks, "speed": speed_table(Runs(runs), {}),
        "minutes": round((time.time() - began) / 60, 1)}, indent=1))
    print(results)
    return 0
