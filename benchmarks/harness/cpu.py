"""CPU time of process families, and what the whole machine did meanwhile: from /proc."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def _family(roots: list[int]) -> dict[int, int]:
    """Ticks used, by process: of these processes and of all their descendants."""
    parents: dict[int, int] = {}
    used: dict[int, int] = {}
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            text = Path(entry.path, "stat").read_text()
        except OSError:  # it has ended in between
            continue
        # The name in parentheses may hold anything; the fields begin behind it, with the state.
        fields = text[text.rindex(")") + 2:].split()
        pid = int(entry.name)
        parents[pid] = int(fields[1])
        used[pid] = sum(map(int, fields[11:15]))  # utime, stime, cutime, cstime
    family = {}
    for pid, ticks in used.items():
        ancestor = pid
        while ancestor not in roots and ancestor in parents:
            ancestor = parents[ancestor]
        if ancestor in roots:
            family[pid] = ticks
    return family


def family(roots: list[int]) -> list[int]:
    """These processes and all their descendants."""
    return list(_family(roots))


def family_seconds(roots: list[int]) -> float:
    """CPU seconds that these processes and all their descendants have used since they began.

    Descendants that have ended count too: Linux adds their time to the parent that waited for them
    (so a PostgreSQL backend or the child of an AOF rewrite is not lost).
    """
    return sum(_family(roots).values()) / TICKS


@dataclass(frozen=True)
class MachineTime:
    """Ticks of all cores together since the machine started."""

    total: int
    idle: int
    steal: int

    @staticmethod
    def now() -> "MachineTime":
        values = [int(v) for v in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
        # user nice system idle iowait irq softirq steal (guest time is in user)
        return MachineTime(sum(values[:8]), values[3] + values[4], values[7])

    def since(self, earlier: "MachineTime") -> dict[str, float]:
        """Shares in percent: how busy the cores were, and what the host took from them."""
        total = max(1, self.total - earlier.total)
        return {
            "busy_percent": round(100 * (1 - (self.idle - earlier.idle) / total), 1),
            "steal_percent": round(100 * (self.steal - earlier.steal) / total, 1),
        }


def settle(*, at_most: float = 5, idle_percent: float = 85) -> bool:
    """Waits until the machine is quiet (the last peer may still rewrite its AOF, or vacuum).

    False when it never was within `at_most` seconds; the run is then marked.
    """
    end = time.monotonic() + at_most
    while time.monotonic() < end:
        before = MachineTime.now()
        time.sleep(0.2)
        if MachineTime.now().since(before)["busy_percent"] <= 100 - idle_percent:
            return True
    return False
