"""Runs every pair of peer and scenario, round after round, each second round in reverse order."""

import time
from collections.abc import Callable
from dataclasses import asdict

from harness.cpu import MachineTime, family_seconds, settle
from harness.figures import Run
from harness.peer import Bench, Load, Peer

Cell = tuple[str, str]


def order(cells: list[Cell], number: int) -> list[Cell]:
    """The order in round `number`, from 1: neighbours stay neighbours, nobody is always first."""
    return cells if number % 2 else cells[::-1]


def books(rise: int | None, load: Load) -> str:
    """Holds what the peer's store says against what the client has counted."""
    if rise is None or load.reserved is None:
        return "not checked"
    if load.reserved <= rise <= load.reserved + load.in_flight:
        return "right"
    return f"wrong: {load.reserved} reserves were answered, {rise} units are reserved"


def measure(bench: Bench, peer: Peer, scenario: str, number: int, *, seconds: float,
            warm_up: float, patience: float = 5, push: Callable[[float], Load] | None = None) -> Run:
    """One run: quiet, warm-up, load, and what it cost. `push` in place of the peer's own load."""
    push = push or (lambda duration: peer.load(scenario, duration))
    bench.run_name = f"{number}-{peer.name}-{scenario}"
    quiet = settle(at_most=patience)
    if warm_up:
        push(warm_up)
        time.sleep(0.1)
    reserved = peer.reserved(scenario)
    machine, used = MachineTime.now(), family_seconds(peer.roots())
    started = time.time()
    load = push(seconds)
    used = family_seconds(peer.roots()) - used
    if load.server_cpu_seconds is not None:
        used = load.server_cpu_seconds
    shares = MachineTime.now().since(machine)
    # What was under way when the client stopped may still be written.
    time.sleep(0.1)
    rise = None if reserved is None else peer.reserved(scenario) - reserved
    count = max(1, load.operations)
    return {
        "peer": peer.name, "scenario": scenario, "round": number,
        "started_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started)),
        **asdict(load),
        "per_second": load.operations / load.seconds,
        "server_cpu_us": used / count * 1e6,
        "client_cpu_us": load.client_cpu_seconds / count * 1e6,
        "books": books(rise, load), "quiet_before": quiet, **shares,
    }


def line(run: Run) -> str:
    """A run in one line, for the terminal."""
    marks = [f"{run['errors']} ERRORS"] if run["errors"] else []
    marks += [run["books"].upper()] if run["books"].startswith("wrong") else []
    marks += [] if run["quiet_before"] else ["not quiet before"]
    p99 = run["latency_us"].get("p99")
    return (f"{run['round']:>2} {run['peer']:<10}{run['scenario']:<14}"
            f"{run['per_second']:>12,.0f}/s{run['server_cpu_us']:>8.2f} us CPU"
            + (f"  p99 {p99:>8,.0f} us" if p99 else "") + "  " + ", ".join(marks)).rstrip()
