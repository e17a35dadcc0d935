"""The in-process benchmarks of `submit`, as benchmarks/micro measures them."""

import json
import subprocess
from pathlib import Path

MICRO = Path(__file__).resolve().parents[1] / "micro"
#: Figure's name: the operation's.
OPERATIONS = {"submit": "submit/decide only, one product",
              "submit_committed": "submit/with commit, ledger, answers, one product"}


def run_micro(raw: Path, figures: dict, *, build: bool) -> None:
    """Adds, by OPERATIONS, submits a second: median, and the range of the rounds but the slowest tenth.

    `build`: also where it was not built yet, which takes minutes.
    """
    output = raw / "micro.json"
    built = MICRO / ".build/release"
    if build:
        command = [str(MICRO / "micro.sh")]
    elif (built / "Micro").exists():
        command = ["python3", str(MICRO / "times.py"), str(built)]
    else:
        return
    for operation in OPERATIONS.values():
        command += ["--only", operation]
    command += ["--json", str(output)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=1500)
    (raw / "micro.txt").write_text(done.stdout + done.stderr)
    if done.returncode != 0:
        raise RuntimeError(f"micro-benchmarks: {done.stderr}")
    said = json.loads(output.read_text())
    for name, operation in OPERATIONS.items():
        if times := said.get(operation):
            figures[name] = {"median": 1e9 / times["median_ns"], "lowest": 1e9 / times["p90_ns"],
                             "highest": 1e9 / times["fastest_ns"], "rounds": 1}
