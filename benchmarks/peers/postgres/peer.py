"""PostgreSQL by pgbench: a conditional UPDATE, prepared, over a unix socket, no HTTP.

Each scenario twice: `-safe` with synchronous_commit on (an fsync before the answer, shared by those
who commit at the same time), `-fast` with it off (the WAL is flushed up to 0.6 s later).
"""

import os
import pwd
import re
import resource
import shutil
import subprocess
import time
from pathlib import Path

from harness.peer import Bench, Load, Peer
from harness.processes import NotStarted

HERE = Path(__file__).parent
#: scenario: script, products.
SCENARIOS = {"hot": ("hot.sql", 1), "spread": ("spread.sql", 2000), "many": ("spread.sql", 100_000)}
#: Those of 1 to 64 clients that gave most on 2 cores. More of them share an fsync; where there is none,
#: they only wait for each other.
CLIENTS = {"hot-safe": 16, "hot-fast": 4, "spread-safe": 32, "spread-fast": 16,
           "many-safe": 32, "many-fast": 16}


def programs() -> Path:
    """The folder with the newest PostgreSQL's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"),
                   key=lambda path: int(path.parts[-3]))
    if not found:
        raise NotStarted("no PostgreSQL in /usr/lib/postgresql")
    return found[-1].parent


class Postgres(Peer):
    name = "postgres"
    title = "PostgreSQL, pgbench"
    packages = {"/usr/lib/postgresql": "postgresql"}
    scenarios = tuple(f"{name}-{mode}" for name in SCENARIOS for mode in ("safe", "fast"))

    def start(self, bench: Bench) -> None:
        self.bench = bench
        self.programs = programs()
        self.folder = bench.folder / "postgres"
        self.folder.mkdir()
        # PostgreSQL refuses to run as root.
        self.user = "postgres" if os.geteuid() == 0 else None
        self.owner = self.user or pwd.getpwuid(os.geteuid()).pw_name
        if self.user:
            shutil.chown(self.folder, self.user, self.user)
        data = self.folder / "data"
        self._run("initdb", "-D", str(data), "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        with open(data / "postgresql.conf", "a", encoding="utf-8") as settings:
            settings.write((HERE / "postgresql.conf").read_text())
            settings.write(f"unix_socket_directories = '{self.folder}'\n")
        self.process = bench.processes.start(
            [str(self.programs / "postgres"), "-D", str(data)], bench.folder / "postgres.log",
            user=self.user)
        self._wait()
        self._run("psql", "-h", str(self.folder), "-d", "postgres", "-q", "-v", "ON_ERROR_STOP=1",
                  "-v", f"products={bench.products}", "-f", "-",
                  text=(HERE / "schema.sql").read_text())

    def roots(self) -> list[int]:
        return [self.process.pid]

    def stop(self) -> None:
        self.bench.processes.stop(self.process)

    def load(self, scenario: str, seconds: float) -> Load:
        name, mode = scenario.rsplit("-", 1)
        script, products = SCENARIOS[name]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        said = self._run(
            "pgbench", "-h", str(self.folder), "-n", "-M", "prepared", "-c", str(CLIENTS[scenario]), "-j", "1",
            "-T", str(max(1, round(seconds))), "-D", f"products={min(products, self.bench.products)}",
            "-f", "-", "postgres", text=(HERE / script).read_text(),
            env={"PGOPTIONS": f"-c synchronous_commit={'on' if mode == 'safe' else 'off'}"})
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.bench.raw_file("pgbench.txt").write_text(said)

        def number(pattern: str) -> float:
            return float(re.search(pattern, said, re.M)[1])

        count = int(number(r"^number of transactions actually processed: (\d+)"))
        return Load(
            requests=count, seconds=count / number(r"^tps = ([\d.]+)"), reserved=count,
            errors=int(number(r"^number of failed transactions: (\d+)")),
            latency_us={"mean": 1000 * number(r"^latency average = ([\d.]+) ms")},
            client_cpu_seconds=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)

    def reserved(self, scenario: str) -> int:
        return int(self._run("psql", "-h", str(self.folder), "-d", "postgres", "-Atc",
                             "SELECT sum(reserved) FROM stock"))

    def _run(self, program: str, *arguments: str, text: str = "", env: dict | None = None) -> str:
        """Runs one of PostgreSQL's programs as the data's owner, and gives its output."""
        done = subprocess.run(
            [str(self.programs / program), *arguments], input=text, capture_output=True, text=True,
            user=self.user, group=self.user, extra_groups=[] if self.user else None,
            cwd=self.folder, env={**os.environ, "PGUSER": self.owner, **(env or {})}, timeout=300,
            check=False)
        if done.returncode != 0:
            raise NotStarted(f"{program}: {done.stderr or done.stdout}")
        return done.stdout

    def _wait(self) -> None:
        """Waits until it takes connections."""
        end = time.monotonic() + 20
        while True:
            try:
                self._run("pg_isready", "-h", str(self.folder))
                return
            except NotStarted:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise
                time.sleep(0.05)
