"""What a peer is: something that reserves stock, or the ceiling of those that do."""

from dataclasses import dataclass, field
from pathlib import Path

from harness.processes import Processes


@dataclass
class Load:
    """What a client says about one run of load."""

    requests: int
    seconds: float
    #: Answers that are not what the scenario expects, broken connections, time-outs.
    errors: int
    latency_us: dict[str, float]
    #: Reserves; more than requests where a request carries many.
    operations: int = 0
    #: Units that these operations must have reserved; None: nothing is to be counted.
    reserved: int | None = None
    #: Units that may have been reserved besides, by requests under way when the client stopped.
    in_flight: int = 0
    #: Due in an open loop, and not sent, because nothing was answered for so long.
    never_sent: int = 0
    client_cpu_seconds: float = 0
    bytes_received: int | None = None
    #: CPU of server and store in the measured time, where the client watches it; else the driver does.
    server_cpu_seconds: float | None = None

    def __post_init__(self) -> None:
        self.operations = self.operations or self.requests


@dataclass
class Bench:
    """What a peer is given: where it may write, who starts its programs, how hard to push."""

    folder: Path
    raw: Path
    processes: Processes
    connections: int = 128
    #: Products of the widest scenario; all peers have them all.
    products: int = 100_000
    #: Name of the run now under way: the names of raw files begin with it.
    run_name: str = "setup"
    environment: dict[str, str] = field(default_factory=dict)

    def raw_file(self, ending: str) -> Path:
        return self.raw / f"{self.run_name}.{ending}"


class Peer:
    """One of those that are measured side by side. A folder of `benchmarks/peers` each."""

    #: As in the results: one word.
    name = ""
    #: As in the tables.
    title = ""
    #: Debian packages that it needs, by the command or file that shows that one is there.
    packages: dict[str, str] = {}
    #: Names of the scenarios that it can run.
    scenarios: tuple[str, ...] = ()

    def start(self, bench: Bench) -> None:
        """Starts the peer with its stock in it. Raises NotStarted."""
        raise NotImplementedError

    def roots(self) -> list[int]:
        """The processes whose CPU time, with that of their descendants, is the peer's."""
        raise NotImplementedError

    def load(self, scenario: str, seconds: float) -> Load:
        """Pushes as hard as it can for about `seconds`."""
        raise NotImplementedError

    def reserved(self, scenario: str) -> int | None:
        """Units reserved at the moment, as the peer's own store says; None: it keeps none."""
        return None

    def stop(self) -> None:
        """Ends everything that it started."""
        raise NotImplementedError

    def final_check(self) -> str | None:
        """Looked at once after all rounds; None when there is nothing to check, else the verdict."""
        return None
