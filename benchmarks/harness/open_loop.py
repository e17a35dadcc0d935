"""The open loop: nginx and the engine at the same fixed rate, half of what the engine can do."""

from functools import partial

from clients.stock_bench import load_of, stock_bench
from harness.figures import Run, Runs, per_second
from harness.peer import Bench, Load, Peer
from harness.plan import Plan
from harness.rounds import line, measure, order
from peers.nginx.peer import KEY
from peers.stock.peer import BINARY

#: Rounds for each one of the plan, and how long they are.
OPEN_ROUNDS = 3
OPEN_SECONDS = 2


def run_open_loop(bench: Bench, plan: Plan, peers: dict[str, Peer], runs: list[Run]) -> None:
    """Adds to `runs`. The rate is half of the median of the engine's hot runs, which they have."""
    peak = Runs(runs).spread("stock", "hot", per_second)
    if not peak or "nginx" not in peers:
        return
    rate = round(peak.median / 2, -2)
    stock, nginx = peers["stock"], peers["nginx"]

    def push(peer: Peer, seconds: float) -> Load:
        target = (["hot", "--url", stock.engine.url] if peer is stock
                  else ["--constant", nginx.url + "/reserve"])
        key = stock.engine.key if peer is stock else KEY
        said = stock_bench(bench, BINARY, [*target, "--rate", str(rate)], seconds,
                           plan.warm_up, key=key, roots=peer.roots())
        load = load_of(said)
        # The generator sets its stock before and holds it to the answers itself.
        if said["books"].startswith("wrong"):
            load.errors += 1
        return load

    # Many short rounds: a moment in which the machine stands still spoils the p99 of its round, whoever
    # is in it, and of no other.
    for number in range(1, OPEN_ROUNDS * plan.rounds + 1):
        for name, _ in order([("nginx", "open"), ("stock", "open")], number):
            run = measure(bench, peers[name], "open", number, warm_up=0,
                          seconds=min(plan.seconds, OPEN_SECONDS),
                          patience=plan.patience, push=partial(push, peers[name]))
            runs.append({**run, "rate": rate})
            print(line(run), flush=True)
