"""`stock bench`, our own load generator: where requests must be due at fixed times (open loop)."""

import json
import subprocess
from pathlib import Path

from harness.cpu import family
from harness.peer import Bench, Load


def stock_bench(bench: Bench, binary: Path, arguments: list[str], seconds: float, warm_up: float,
                *, key: str, roots: list[int]) -> dict:
    """One run against the server that `roots` are; what its JSON says.

    Raises RuntimeError when it says nothing. Its set-up and warm-up are in no figure.

    Exit code 1 is wrong books, which are in the JSON too.
    """
    watched = [word for pid in family(roots) for word in ("--engine-pid", str(pid))]
    output = bench.raw_file("bench.json")
    done = subprocess.run(
        [str(binary), "bench", *arguments, *watched, "--seconds", str(seconds), "--warmup", str(warm_up),
         "--connections", str(bench.connections), "--json", str(output)],
        capture_output=True, text=True, env={"STOCK_KEY": key, "PATH": "/usr/bin:/bin"},
        timeout=seconds * 3 + 120, check=False)
    bench.raw_file("bench.txt").write_text(done.stdout + done.stderr)
    if not output.exists():
        raise RuntimeError(f"stock bench ended with {done.returncode}: {done.stdout}{done.stderr}")
    return json.loads(output.read_text())


def load_of(said: dict, *, kind: str | None = None) -> Load:
    """A run as every client tells it; of one kind of requests, or of all."""
    if kind and kind not in said["by_kind"]:
        raise RuntimeError(f"stock bench: no request of the kind {kind} was answered")
    part = said["by_kind"][kind] if kind else said
    requests, seconds = part["requests"], part["seconds"]
    latency = part["accepted_latency_us"] if kind else part["latency_us"]
    if latency is None:
        raise RuntimeError("stock bench: no request was answered")
    spent = said["cpu_us_per_request"]
    return Load(
        requests=requests, seconds=seconds, latency_us=latency,
        errors=said["errors"], never_sent=said.get("never_sent") or 0,
        client_cpu_seconds=(spent["generator"] or 0) * requests / 1e6,
        server_cpu_seconds=((spent["engine"] or 0) + (spent["redis"] or 0)) * requests / 1e6)
