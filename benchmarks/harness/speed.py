"""The aims: what the engine is meant to reach, row by row, and whether a run reached it."""

from collections.abc import Callable
from dataclasses import dataclass

from harness.figures import Runs, Spread, per_second, percentile, server_cpu_us


@dataclass(frozen=True)
class Aim:
    """A row of the speed table."""

    what: str
    #: At least this, or with `at_most` no more than it.
    aim: float
    measured: Callable[[Runs, dict], Spread | None]
    at_most: bool = False
    #: How the figure is written.
    form: str = ".2f"

    def row(self, runs: Runs, extra: dict) -> dict:
        """The row as it goes into results.json; `measured` is null where the run has no figure."""
        spread = self.measured(runs, extra)
        reached = None
        if spread:
            # As it is shown: 0.997 is written 1.00, and has reached 1.00.
            shown = float(format(spread.median, self.form.replace(",", "")))
            reached = shown <= self.aim if self.at_most else shown >= self.aim
        return {"what": self.what, "aim": self.aim, "at_most": self.at_most, "form": self.form,
                "measured": spread.as_json() if spread else None, "reached": reached}


def _ratio(ours: str, peer: str, theirs: str, metric=per_second):
    return lambda runs, _: runs.ratio(("stock", ours), (peer, theirs), metric)


def _one(part: str, name: str):
    """A figure of one of the other parts (a million entries, micro-benchmarks)."""
    def find(_: Runs, extra: dict) -> Spread | None:
        value = extra.get(part, {}).get(name)
        if isinstance(value, dict):
            return Spread(**value)
        return None if value is None else Spread.of([float(value)])
    return find


AIMS = [
    Aim("durable reserve, one hot product, to nginx answering a constant", 1.0,
        _ratio("hot", "nginx", "hot")),
    Aim("durable reserve, 2,000 products, to nginx", 0.85, _ratio("spread", "nginx", "spread")),
    Aim("CPU time a reserve, engine and Redis, to nginx's: hot", 1.3,
        _ratio("hot", "nginx", "hot", server_cpu_us), at_most=True),
    Aim("CPU time a reserve, engine and Redis, to nginx's: 2,000 products", 1.3,
        _ratio("spread", "nginx", "spread", server_cpu_us), at_most=True),
    Aim("sold-out answers, to nginx", 1.0, _ratio("sold-out", "nginx", "sold-out")),
    Aim("durable reserve, hot, to webdis with EVALSHA", 2, _ratio("hot", "webdis", "hot")),
    Aim("durable reserve, 2,000 products, to webdis with EVALSHA", 2,
        _ratio("spread", "webdis", "spread")),
    Aim("durable reserve over HTTP, hot, to redis-benchmark EVALSHA, not pipelined, no HTTP", 1.5,
        _ratio("hot", "redis", "hot")),
    Aim("durable reserve, hot, to PostgreSQL's hot row, synchronous_commit off", 25,
        _ratio("hot", "postgres", "hot-fast"), form=".1f"),
    Aim("durable reserve, hot, to PostgreSQL's hot row, synchronous_commit on", 25,
        _ratio("hot", "postgres", "hot-safe"), form=".1f"),
    Aim("batch endpoint, hot product, durable reserves a second", 1_000_000,
        lambda runs, _: runs.spread("stock", "batch-hot", per_second), form=",.0f"),
    Aim("batch endpoint, 100,000 products, to redis-benchmark EVALSHA with 100 pipelined", 1.5,
        _ratio("batch-many", "redis", "many-p100")),
    Aim("submit in one core, in process, a second: deciding alone", 10_000_000,
        _one("micro", "submit"), form=",.0f"),
    Aim("the same with commit, ledger and answers", 10_000_000,
        _one("micro", "submit_committed"), form=",.0f"),
    Aim("open loop at half of peak: p99 to nginx's p99 at the same rate", 2,
        _ratio("open", "nginx", "open", percentile("p99")), at_most=True),
    Aim("throughput with a million products to that with a thousand", 0.9,
        lambda runs, _: runs.ratio(("million", "million"), ("million", "thousand"), per_second)),
    Aim("reserve p99 while lists and scans run over a million entries, to that without", 2,
        lambda runs, _: runs.ratio(("million", "scanned"), ("million", "unscanned"),
                                   percentile("p99")), at_most=True),
    Aim("engine memory an entry, a million entries, bytes", 120,
        _one("million", "bytes_an_entry"), at_most=True, form=".0f"),
    Aim("recovery, entries a second", 300_000,
        _one("million", "recovered_per_second"), form=",.0f"),
]


def speed_table(runs: Runs, extra: dict) -> list[dict]:
    return [aim.row(runs, extra) for aim in AIMS]
