"""nginx with Lua (as in OpenResty) before a redis-server, with the usual script by EVALSHA."""

import os
import subprocess
from pathlib import Path

from clients.wrk import PACKAGES, wrk
from harness.peer import Bench, Load, Peer
from harness.processes import NotStarted, free_port, wait_for_port
from peers.redis.store import RedisStore
from peers.stock.peer import BODY

HERE = Path(__file__).parent
#: The Redis client is one Lua file in a package that would pull another nginx in: only unpacked.
LIBRARY = HERE.parents[1] / ".cache/lua-nginx-redis"


class NginxLua(Peer):
    name = "nginx_lua"
    title = "nginx with Lua, EVALSHA"
    packages = {**PACKAGES, "redis-server": "redis-server", "nginx": "nginx-light",
                "/usr/lib/nginx/modules/ngx_http_lua_module.so": "libnginx-mod-http-lua",
                "/usr/lib/x86_64-linux-gnu/lua/5.1/cjson.so": "lua-cjson"}
    scenarios = ("hot", "spread")

    def start(self, bench: Bench) -> None:
        self.bench = bench
        folder = bench.folder / "nginx_lua"
        self.store = RedisStore(bench, folder)
        port = free_port()
        places = {"PORT": str(port), "FOLDER": str(folder), "SOCKET": self.store.socket,
                  "SHA": self.store.sha, "LUA": str(self._library()), "WORKERS": "auto"}
        for name in ("nginx.conf", "reserve.lua"):
            text = (HERE / name).read_text()
            for place, value in places.items():
                text = text.replace(place, value)
            (folder / name).write_text(text)
        self.process = bench.processes.start(
            ["nginx", "-c", str(folder / "nginx.conf")], folder / "nginx.log")
        wait_for_port(port, self.process)
        self.url = f"http://127.0.0.1:{port}/reserve"

    def roots(self) -> list[int]:
        return [self.process.pid, self.store.pid]

    def stop(self) -> None:
        self.bench.processes.stop(self.process)
        self.store.stop()

    def load(self, scenario: str, seconds: float) -> Load:
        spread = scenario == "spread"
        return wrk(self.bench, self.url, seconds, BODY if spread else BODY.replace("{id}", "1"),
                   products=2000 if spread else 1)

    def reserved(self, scenario: str) -> int:
        return self.store.reserved()

    @staticmethod
    def _library() -> Path:
        """The folder that `nginx/redis.lua` is in, fetched from Debian once."""
        found = LIBRARY / "usr/share/lua/5.1"
        if not (found / "nginx/redis.lua").exists():
            LIBRARY.mkdir(parents=True, exist_ok=True)
            for command in (["apt-get", "download", "-q", "lua-nginx-redis"],
                            ["sh", "-c", "dpkg-deb -x lua-nginx-redis_*.deb ."]):
                done = subprocess.run(command, cwd=LIBRARY, capture_output=True, text=True,
                                      env=dict(os.environ), check=False)
                if done.returncode != 0:
                    raise NotStarted(f"lua-nginx-redis: {done.stderr}")
        return found
