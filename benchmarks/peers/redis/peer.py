"""redis-benchmark with the usual script by EVALSHA, over a unix socket: no HTTP at all."""

import csv
import resource
import subprocess

from harness.peer import Bench, Load, Peer
from peers.redis.store import RedisStore, key

#: scenario: products (1: one hot one), commands in a pipeline.
SCENARIOS = {"hot": (1, 1), "hot-p16": (1, 16), "hot-p100": (1, 100),
             "spread": (2000, 1), "spread-p16": (2000, 16), "many-p100": (100_000, 100)}
#: A first guess of commands a second, until a run has said.
GUESS = {1: 30_000, 16: 100_000, 100: 150_000}


class Redis(Peer):
    name = "redis"
    title = "redis-benchmark, EVALSHA, no HTTP"
    packages = {"redis-server": "redis-server", "redis-benchmark": "redis-tools"}
    scenarios = tuple(SCENARIOS)

    def start(self, bench: Bench) -> None:
        self.bench = bench
        self.store = RedisStore(bench, bench.folder / "redis")
        self.rate: dict[str, float] = {}

    def roots(self) -> list[int]:
        return [self.store.pid]

    def stop(self) -> None:
        self.store.stop()

    def load(self, scenario: str, seconds: float) -> Load:
        """redis-benchmark counts commands, not seconds: as many as the last run's rate says."""
        products, pipeline = SCENARIOS[scenario]
        products = min(products, self.bench.products)
        # Whole pipelines: it sends no others, whatever it is told.
        pipelines = max(100, round(self.rate.get(scenario, GUESS[pipeline]) * seconds / pipeline))
        count = pipelines * pipeline
        name = key(1) if products == 1 else "stock:__rand_int__"
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            ["redis-benchmark", "-s", self.store.socket, "-c", str(self.bench.connections),
             "-n", str(count), "-P", str(pipeline), "-r", str(products), "-e", "--csv",
             "EVALSHA", self.store.sha, "1", name, "1"],
            capture_output=True, text=True, timeout=seconds * 20 + 60, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.bench.raw_file("redis-benchmark.csv").write_text(done.stdout + done.stderr)
        if done.returncode != 0:
            raise RuntimeError(f"redis-benchmark failed: {done.stdout}{done.stderr}")
        lines = [line for line in done.stdout.splitlines() if line.startswith('"')]
        said = dict(zip(*csv.reader(lines[:2])))
        rate = float(said["rps"])
        self.rate[scenario] = rate
        return Load(
            requests=count, seconds=count / rate, reserved=count, in_flight=0,
            errors=(done.stdout + done.stderr).count("Error from server"),
            latency_us={name: 1000 * float(said[f"{name if name != 'mean' else 'avg'}_latency_ms"])
                        for name in ("min", "mean", "p50", "p95", "p99", "max")},
            client_cpu_seconds=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)

    def reserved(self, scenario: str) -> int:
        return self.store.reserved()
