"""webdis, an HTTP front of Redis written in C, with the usual script by EVALSHA."""

from pathlib import Path

from clients.wrk import PACKAGES, wrk
from harness.peer import Bench, Load, Peer
from harness.processes import free_port, wait_for_port
from peers.redis.store import RedisStore

CONFIGURATION = Path(__file__).with_name("webdis.json")


class Webdis(Peer):
    name = "webdis"
    title = "webdis, EVALSHA"
    packages = {**PACKAGES, "redis-server": "redis-server", "webdis": "webdis"}
    scenarios = ("hot", "spread")

    def start(self, bench: Bench) -> None:
        self.bench = bench
        folder = bench.folder / "webdis"
        self.store = RedisStore(bench, folder)
        port = free_port()
        filled = folder / "webdis.json"
        filled.write_text(CONFIGURATION.read_text().replace("SOCKET", self.store.socket)
                          .replace("PORT", str(port)).replace("FOLDER", str(folder)))
        self.process = bench.processes.start(["webdis", str(filled)], folder / "webdis.out")
        wait_for_port(port, self.process)
        self.url = f"http://127.0.0.1:{port}/"

    def roots(self) -> list[int]:
        return [self.process.pid, self.store.pid]

    def stop(self) -> None:
        self.bench.processes.stop(self.process)
        self.store.stop()

    def load(self, scenario: str, seconds: float) -> Load:
        spread = scenario == "spread"
        product = "stock:" + ("{id12}" if spread else "000000000001")
        return wrk(self.bench, self.url, seconds, f"EVALSHA/{self.store.sha}/1/{product}/1",
                   products=2000 if spread else 1)

    def reserved(self, scenario: str) -> int:
        return self.store.reserved()
