"""nginx answering a constant with as many bytes: no stock, the ceiling of HTTP itself."""

from pathlib import Path

from clients.wrk import PACKAGES, wrk
from harness.peer import Bench, Load, Peer
from harness.processes import free_port, wait_for_port
from peers.stock.peer import BODY

CONFIGURATION = Path(__file__).with_name("nginx.conf")
#: As long as a key of the engine, so that the requests have the same bytes.
KEY = "sk_" + "0" * 43


class Nginx(Peer):
    name = "nginx"
    title = "nginx, a constant"
    packages = {**PACKAGES, "nginx": "nginx-light"}
    scenarios = ("hot", "keyed", "sold-out", "spread")

    def start(self, bench: Bench) -> None:
        self.bench = bench
        folder = bench.folder / "nginx"
        folder.mkdir()
        port = free_port()
        filled = folder / "nginx.conf"
        filled.write_text(
            CONFIGURATION.read_text().replace("PORT", str(port)).replace("FOLDER", str(folder)))
        self.process = bench.processes.start(["nginx", "-c", str(filled)], folder / "nginx.log")
        wait_for_port(port, self.process)
        self.url = f"http://127.0.0.1:{port}"

    def roots(self) -> list[int]:
        return [self.process.pid]

    def stop(self) -> None:
        self.bench.processes.stop(self.process)

    def load(self, scenario: str, seconds: float) -> Load:
        sold_out = scenario == "sold-out"
        return wrk(self.bench, self.url + ("/sold-out" if sold_out else "/reserve"), seconds, BODY
                   if scenario == "spread" else BODY.replace("{id}", "1"), key=KEY,
                   products=2000 if scenario == "spread" else 1, keyed=scenario == "keyed",
                   expected_refusal=sold_out)
