#!/usr/bin/env python3
"""Times each operation in a process of its own, and prints a table.

    times.py .build/release [--only TEXT]... [--json FILE]

What is given is the median round of a thousand operations, by operation, beside the fastest and the
slowest but one in ten: on a machine that others use too the fastest says most about the code.
"""

import argparse
import json
import os
import re
import subprocess
import sys

ROW = re.compile(r"^\s*([\d.]+) ([\d.]+)\s+(\d+)\s+[\d.]+$")
PER_ROUND = 1000


def percentiles(program, name):
    """Share of rounds -> nanoseconds of one operation, as the benchmark package prints its histogram."""
    out = subprocess.run(
        ["taskset", "-c", str(os.cpu_count() - 1), program, "--quiet", "true", "--filter", re.escape(name)],
        check=True, capture_output=True, text=True,
    ).stdout
    rows = [ROW.match(line) for line in out.splitlines()]
    found = [(float(r[2]), float(r[1]) / PER_ROUND) for r in rows if r]
    if not found:
        raise RuntimeError(f"{name}: no result")
    return found


def at(found, share):
    """The first value that at least `share` of the rounds do not exceed."""
    return next(value for percentile, value in found if percentile >= share)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--only", action="append", help="operations with this in their name")
    parser.add_argument("--json")
    arguments = parser.parse_args()
    names = subprocess.run(
        [f"{arguments.folder}/stock-count", "list"], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    results = {}
    print("| an operation | ns, median | fastest | 90th percentile | million/s |\n|---|---|---|---|---|", flush=True)
    for name in names:
        if arguments.only and not any(text in name for text in arguments.only):
            continue
        found = percentiles(f"{arguments.folder}/Micro", name)
        low, median, high = at(found, 0), at(found, 0.5), at(found, 0.9)
        results[name] = {"median_ns": median, "fastest_ns": low, "p90_ns": high}
        print(f"| {name} | {median:.1f} | {low:.1f} | {high:.1f} | {1000 / median:.2f} |", flush=True)
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump(results, file, indent=2)


if __name__ == "__main__":
    try:
        main()
    except (RuntimeError, subprocess.CalledProcessError) as error:
        print(f"times.py: {error}", file=sys.stderr)
        sys.exit(2)
