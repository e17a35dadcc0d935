"""The statistics: medians of rounds, and ratios of pairs that ran in the same round."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

#: A run, as it stands in results.json.
Run = dict
Metric = Callable[[Run], float | None]


def median(values: Iterable[float]) -> float:
    """The middle one, or the mean of the two in the middle. ValueError when there is none."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no values, so no median")
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


@dataclass(frozen=True)
class Spread:
    """Some rounds' values in three figures, and how many there were."""

    median: float
    lowest: float
    highest: float
    rounds: int

    @staticmethod
    def of(values: Iterable[float]) -> "Spread | None":
        """None where no round has a value."""
        known = list(values)
        return Spread(median(known), min(known), max(known), len(known)) if known else None

    def as_json(self) -> dict:
        return {"median": self.median, "lowest": self.lowest, "highest": self.highest,
                "rounds": self.rounds}


# What can be asked of a run; None where it does not say.

def per_second(run: Run) -> float | None:
    return run["operations"] / run["seconds"]


def server_cpu_us(run: Run) -> float | None:
    """CPU microseconds an operation: of the server and its store, not of the client."""
    return run["server_cpu_us"] if run["server_cpu_us"] else None


def client_cpu_us(run: Run) -> float | None:
    return run["client_cpu_us"] if run["client_cpu_us"] else None


def percentile(name: str) -> Metric:
    return lambda run: run["latency_us"].get(name)


class Runs:
    """All runs of a benchmark, to be asked."""

    def __init__(self, runs: list[Run]) -> None:
        self._runs = runs

    def of(self, peer: str, scenario: str) -> list[Run]:
        return [run for run in self._runs
                if run["peer"] == peer and run["scenario"] == scenario]

    def spread(self, peer: str, scenario: str, metric: Metric) -> Spread | None:
        """The metric over all rounds."""
        return Spread.of(value for run in self.of(peer, scenario)
                         if (value := metric(run)) is not None)

    def ratio(self, ours: tuple[str, str], theirs: tuple[str, str], metric: Metric
              ) -> Spread | None:
        """Ours to theirs, both of the same round, over the rounds that have both."""
        other = {run["round"]: metric(run) for run in self.of(*theirs)}
        return Spread.of(
            mine / their for run in self.of(*ours)
            if (mine := metric(run)) is not None and (their := other.get(run["round"])))

    def errors(self, peer: str, scenario: str) -> int:
        return sum(run["errors"] for run in self.of(peer, scenario))

    def books(self, peer: str, scenario: str) -> str:
        """What the books said that is worst: wrong before right, right before not checked."""
        said = [run["books"] for run in self.of(peer, scenario)]
        return next((text for text in said if text.startswith("wrong")), said[0] if said else "")
