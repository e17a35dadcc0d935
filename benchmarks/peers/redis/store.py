"""The stock as a shop keeps it in plain Redis: a hash a product, and one Lua script.

Shared by everything that stands before a redis-server: redis-benchmark, webdis, nginx with Lua.
"""

from pathlib import Path

from harness.peer import Bench
from harness.redis import RedisServer

SCRIPT = Path(__file__).with_name("reserve.lua").read_text()
PLENTY = 1_000_000_000


def key(product: int) -> str:
    """Named as redis-benchmark names them: `__rand_int__` becomes twelve digits."""
    return f"stock:{product:012}"


class RedisStore:
    """A redis-server (AOF everysec) with products 0 to `products`, and the script in it."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        self.bench = bench
        self.server = RedisServer(bench.processes, folder)
        self.products = bench.products
        with self.server.client() as client:
            client.pipeline([("HSET", key(p), "quantity", PLENTY, "reserved", 0)
                             for p in range(bench.products + 1)])
            self.sha: str = client.call("SCRIPT", "LOAD", SCRIPT)
        self.socket, self.pid = self.server.socket, self.server.pid

    def stop(self) -> None:
        self.bench.processes.stop(self.server.process)

    def reserved(self) -> int:
        with self.server.client() as client:
            return sum(int(value) for value in client.pipeline(
                [("HGET", key(p), "reserved") for p in range(self.products + 1)]))
