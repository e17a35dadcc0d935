"""The command line: from a plan to a results folder."""

import argparse
import dataclasses
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from harness import machine, report
from harness.figures import Runs
from harness.micro import run_micro
from harness.open_loop import run_open_loop
from harness.packages import install
from harness.peer import Bench, Peer
from harness.plan import PLANS, Plan
from harness.plots import all_plots
from harness.processes import NotStarted, Processes
from harness.rounds import line, measure, order
from harness.speed import speed_table
from million.stage import Million, run_million
from peers import ALL
from peers.stock.peer import BINARY, Stock

ROOT = Path(__file__).resolve().parents[2]


def arguments(given: list[str] | None = None) -> tuple[argparse.Namespace, Plan]:
    parser = argparse.ArgumentParser(prog="benchmarks/run.py", description=__doc__,
                                     epilog="run.py again FOLDER: tables and plots anew.")
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
    given = sys.argv[1:] if given is None else given
    if given[:1] == ["again"]:
        for folder in map(Path, given[1:]):
            write(folder, json.loads((folder / "results.json").read_text()))
        return 0
    said, plan = arguments(given)
    if not BINARY.exists():
        print(f"{BINARY} is missing: make build")
        return 2
    peers = {peer.name: peer() for peer in ALL if any(peer.name == cell[0] for cell in plan.cells)}
    install({sign: package for peer in (peers or {"": Stock}).values()
             for sign, package in peer.packages.items()})
    began = time.gmtime()
    built = machine.commit(ROOT)
    results = said.results or ROOT / "benchmarks/results" / (
        time.strftime("%Y%m%dT%H%M%SZ-", began) + built["commit"])
    (results / "raw").mkdir(parents=True)
    try:
        found = {"started_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", began), **built,
                 "plan": dataclasses.asdict(plan), "connections": said.connections,
                 **run(plan, peers, said.connections, results / "raw")}
    except KeyboardInterrupt:
        print("stopped")
        return 130
    write(results, found)
    print(f"\n{report.aims(found['speed'])}\n\n{results}")
    return 1 if found["failures"] else 0


def run(plan: Plan, peers: dict[str, Peer], connections: int, raw: Path) -> dict:
    """All parts of the plan; whatever happens, nothing is left running.

    A part that fails is told of in `failures`; what was measured before stays.
    """
    # As Ctrl-C: what was started is ended, in order.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="stock-bench-"))
    folder.chmod(0o755)  # PostgreSQL runs as its own user and has its folder in here
    bench = Bench(folder, raw, Processes(), connections=connections, products=plan.products)
    parts = Parts(bench, plan)
    try:
        facts = machine.facts(folder)
        if plan.micro:
            parts.attempt("in process", parts.micro)
        parts.attempt("side by side", parts.side_by_side, peers)
        for peer in peers.values():  # room for what is large
            parts.attempt(f"ending {peer.name}", peer.stop)
        if plan.million_products:
            parts.attempt("a million entries", parts.million)
    finally:
        bench.processes.stop_all()
        shutil.rmtree(folder, ignore_errors=True)
    return {"minutes": round((time.monotonic() - began) / 60, 1), "machine": facts,
            "runs": parts.runs, "checks": parts.checks, "failures": parts.failures,
            "speed": speed_table(Runs(parts.runs), parts.figures), **parts.figures}


class Parts:
    """The parts of a plan, and what they have found."""

    def __init__(self, bench: Bench, plan: Plan) -> None:
        self.bench, self.plan = bench, plan
        self.runs: list[dict] = []
        self.checks: dict[str, str] = {}
        self.failures: list[str] = []
        self.figures: dict[str, dict] = {}

    def attempt(self, what: str, part: Callable, *arguments: object) -> None:
        try:
            part(*arguments)
        except (NotStarted, RuntimeError, OSError, subprocess.SubprocessError) as error:
            self.failures.append(f"{what}: {error}")
            print(f"FAILED: {self.failures[-1]}", flush=True)

    def side_by_side(self, peers: dict[str, Peer]) -> None:
        for peer in peers.values():
            print(f"starting {peer.title}", flush=True)
            peer.start(self.bench)
        plan = self.plan
        began = time.monotonic()
        for number in range(1, plan.rounds + 1):
            spent = time.monotonic() - began
            if number > 1 and spent + spent / (number - 1) > plan.minutes * 60:
                self.failures.append(f"only {number - 1} of {plan.rounds} rounds, for lack of time")
                print(self.failures[-1], flush=True)
                break
            for name, scenario in order(plan.cells, number):
                self.runs.append(measure(
                    self.bench, peers[name], scenario, number, seconds=plan.seconds,
                    warm_up=plan.warm_up, patience=plan.patience))
                print(line(self.runs[-1]), flush=True)
        if plan.open_loop:
            self.attempt("open loop", self.open_loop, peers)
        self.checks = {name: verdict for name, peer in peers.items()
                       if (verdict := peer.final_check()) is not None}

    def open_loop(self, peers: dict[str, Peer]) -> None:
        run_open_loop(self.bench, self.plan, peers, self.runs)

    def micro(self) -> None:
        print("submit, in process", flush=True)
        run_micro(self.bench.raw, self.figures.setdefault("micro", {}),
                  build=self.plan.micro == "build")

    def million(self) -> None:
        self.figures["million"] = {}
        run_million(self.bench, self.plan, self.runs, self.figures["million"])


def write(results: Path, found: dict) -> None:
    """results.json, table.md and the plots."""
    titles = {peer.name: peer.title for peer in (*ALL, Million)}
    (results / "results.json").write_text(json.dumps(found, indent=1) + "\n")
    (results / "table.md").write_text(report.document(found, titles))
    for name, text in all_plots(Runs(found["runs"]), titles).items():
        (results / name).write_text(text)
