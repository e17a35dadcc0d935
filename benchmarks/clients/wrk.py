"""wrk, one thread: the neutral client for everything that speaks HTTP."""

import json
import resource
import subprocess
from pathlib import Path

from harness.peer import Bench, Load

SCRIPT = Path(__file__).with_name("reserve.lua")
PACKAGES = {"wrk": "wrk"}


def wrk(bench: Bench, url: str, seconds: float, body: str, *, products: int = 1,
        key: str | None = None, keyed: bool = False, lines: int = 0, line: str = "",
        connections: int | None = None, requests: int = 20_000, expected_refusal: bool = False) -> Load:
    """One run. `seconds` are whole ones, at least 1: wrk knows no others.

    `requests`: how many different ones are made before the run, where products are many.
    `expected_refusal`: the right answer is a 4xx, and any other is an error.
    """
    connections = connections or bench.connections
    environment = {**bench.environment, "BENCH_BODY": body, "BENCH_PRODUCTS": str(products),
                   "BENCH_REQUESTS": str(requests),
                   "PATH": "/usr/local/bin:/usr/bin:/bin"}
    if key:
        environment["STOCK_KEY"] = key
    if keyed:
        environment["BENCH_KEYED"] = "1"
    if lines:
        environment |= {"BENCH_LINES": str(lines), "BENCH_LINE": line}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "-s", str(SCRIPT), url],
        env=environment, capture_output=True, text=True, timeout=seconds + 60, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    bench.raw_file("wrk.txt").write_text(done.stdout + done.stderr)
    results = [text for text in done.stdout.splitlines() if text.startswith("RESULT ")]
    if done.returncode != 0 or not results:
        raise RuntimeError(f"wrk failed: {done.stdout}{done.stderr}")
    said = json.loads(results[0].removeprefix("RESULT "))
    requests, refused = said["requests"], said["status"]
    broken = said["connect"] + said["read"] + said["write"] + said["timeout"]
    operations = requests * max(1, lines)
    return Load(
        requests=requests, seconds=said["microseconds"] / 1e6, operations=operations,
        errors=broken + (requests - refused if expected_refusal else refused),
        latency_us=said["latency_us"], bytes_received=said["bytes"],
        reserved=0 if expected_refusal else (requests - refused) * max(1, lines),
        in_flight=0 if expected_refusal else connections * max(1, lines),
        client_cpu_seconds=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
