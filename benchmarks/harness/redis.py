"""A redis-server for a peer, and the few lines of client that setting up and checking need."""

import socket
import time
from pathlib import Path

from harness.processes import NotStarted, Processes


class RedisClient:
    """Speaks RESP over a unix socket."""

    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(60)
        self._socket.connect(path)
        self._input = self._socket.makefile("rb")

    def close(self) -> None:
        self._input.close()
        self._socket.close()

    def __enter__(self) -> "RedisClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(self, *words: object):
        return self.pipeline([words])[0]

    def pipeline(self, commands: list) -> list:
        """Sends all, then reads all answers; raises RuntimeError on the first error among them."""
        answers = []
        for start in range(0, len(commands), 1000):
            part = commands[start:start + 1000]
            self._socket.sendall(b"".join(map(self._encode, part)))
            answers += [self._read() for _ in part]
        return answers

    @staticmethod
    def _encode(words) -> bytes:
        parts = [str(word).encode() for word in words]
        return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts)

    def _read(self):
        line = self._input.readline()
        if not line:
            raise RuntimeError("redis-server has closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise RuntimeError(rest.decode())
        if kind == b"+":
            return rest.decode()
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self._input.read(int(rest) + 2)[:-2].decode()
        return [self._read() for _ in range(int(rest))]


# What the engine gives its own redis-server: everybody's Redis keeps the same promise.
DURABLE = ["--port", "0", "--unixsocketperm", "700", "--appendonly", "yes",
           "--appendfsync", "everysec", "--maxmemory-policy", "noeviction", "--save", "",
           "--aof-use-rdb-preamble", "yes"]


class RedisServer:
    """A redis-server with AOF everysec on a unix socket in `folder`."""

    def __init__(self, processes: Processes, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.socket = str(folder / "redis.sock")
        self.process = processes.start(
            ["redis-server", "--dir", str(folder), "--unixsocket", self.socket, *DURABLE],
            folder / "redis.log")
        end = time.monotonic() + 10
        while True:
            try:
                with self.client() as client:
                    client.call("PING")
                return
            except (OSError, RuntimeError):
                if time.monotonic() > end or self.process.poll() is not None:
                    raise NotStarted(f"redis-server does not start: {folder}/redis.log") from None
                time.sleep(0.02)

    @property
    def pid(self) -> int:
        return self.process.pid

    def client(self) -> RedisClient:
        return RedisClient(self.socket)
