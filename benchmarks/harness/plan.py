"""What is run: which pairs of peer and scenario, how often, how long."""

from dataclasses import dataclass

from harness.rounds import Cell

#: Those that are compared stand beside each other: a pair is measured within seconds.
CELLS: list[Cell] = [
    ("nginx", "keyed"), ("stock", "keyed"),
    ("webdis", "hot"), ("nginx_lua", "hot"), ("postgres", "hot-safe"), ("postgres", "hot-fast"),
    ("redis", "hot"), ("stock", "hot"), ("nginx", "hot"),
    ("nginx", "sold-out"), ("stock", "sold-out"),
    ("stock", "batch-hot"), ("redis", "hot-p100"), ("redis", "hot-p16"),
    ("nginx", "spread"), ("stock", "spread"), ("webdis", "spread"), ("redis", "spread"),
    ("nginx_lua", "spread"), ("redis", "spread-p16"), ("postgres", "spread-safe"),
    ("postgres", "spread-fast"), ("postgres", "many-safe"), ("postgres", "many-fast"),
    ("redis", "many-p100"), ("stock", "batch-many"),
]
#: The architecture's floor: reserves beside a constant, nothing else.
FLOOR = [cell for cell in CELLS
         if cell[0] in ("nginx", "stock") and cell[1] in ("hot", "keyed", "spread")]


@dataclass(frozen=True)
class Plan:
    name: str
    cells: list[Cell]
    rounds: int
    #: Of a run; whole seconds, since wrk knows no others.
    seconds: int
    warm_up: float
    #: Products of the widest scenario.
    products: int = 100_000
    #: Products (of 5 entries each) of the part with a million entries; 0: left out.
    million_products: int = 200_000
    open_loop: bool = True
    #: The in-process benchmarks: "build", "built" (only if they are), or "" for not at all.
    micro: str = ""
    #: Seconds to wait, at most, for the machine to be quiet before a run.
    patience: float = 5
    #: Minutes for the rounds side by side; no further round is begun that would not fit.
    minutes: float = 20
    #: Reserves a second beside the scans.
    scan_rate: int = 10_000


PLANS = {
    "full": Plan("full", CELLS, rounds=5, seconds=5, warm_up=1, patience=3,
                 micro="build"),
    "quick": Plan("quick", CELLS, rounds=2, seconds=1, warm_up=0, million_products=20_000,
                  patience=0.5, minutes=2.5, micro="built"),
    "floor": Plan("floor", FLOOR, rounds=5, seconds=10, warm_up=1, products=2000,
                  million_products=0, open_loop=False),
    "million": Plan("million", [], rounds=5, seconds=5, warm_up=1, open_loop=False),
}
