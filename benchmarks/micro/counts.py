#!/usr/bin/env python3
"""Counts instructions, allocations and reference counts of each operation under callgrind, and
compares them with the committed ones.

    counts.py PROGRAM [--baseline baseline.tsv] [--threshold 3] [--only TEXT] [--write]

PROGRAM is `stock-count` without debug information: valgrind cannot read Swift's. A count does not
depend on what else the machine does, so a few per cent more are a few per cent more. Exit 1 where an
operation needs more than `--threshold` % more instructions, or any more allocations, than the
baseline says; 2 where something cannot be counted.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ALLOCATIONS = {"malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "memalign"}
REFERENCES = {"swift_retain", "swift_release"}
# Enough for hash tables to fall into the same places on the average; a round is 1,000 operations.
ROUNDS = 10
CALLED = re.compile(r"^cfn=\((\d+)\)(?: (.*))?$")
NAMED = re.compile(r"^c?fn=\((\d+)\) (.*)$")


def count(program, name, folder):
    """(instructions, allocations, references) of one operation.

    Instructions are those of the operation alone. Calls are counted between the rounds too, where
    next to nothing is called.
    """
    out = Path(folder, f"{abs(hash(name))}.out")
    subprocess.run(
        ["valgrind", "--tool=callgrind", "--collect-atstart=no",
         "--instr-atstart=no",
         "--toggle-collect=*stock_count8measured*", f"--callgrind-out-file={out}", program, name, str(ROUNDS)],
        check=True, capture_output=True,
        # Swift's hashes differ from run to run otherwise.
        env={**os.environ, "SWIFT_DETERMINISTIC_HASHING": "1"},
    )
    operations = ROUNDS * 1000
    names, calls, called, total = {}, {}, None, 0
    with open(out) as lines:
        for line in lines:
            line = line.rstrip("\n")
            if named := NAMED.match(line):
                names[named[1]] = named[2]
            if call := CALLED.match(line):
                called = call[1]
            elif line.startswith("calls="):
                calls[called] = calls.get(called, 0) + int(line[6:].split()[0])
            elif line.startswith(("summary:", "totals:")):
                total = int(line.split()[1])

    def calls_of(wanted):
        return sum(n for i, n in calls.items() if names.get(i, "").split("'")[0] in wanted) / operations

    if total == 0:
        raise RuntimeError(f"{name}: nothing was counted")
    return total / operations, calls_of(ALLOCATIONS), calls_of(REFERENCES)


def read(path):
    """Name -> (instructions, allocations, references) of a baseline."""
    baseline = {}
    for line in Path(path).read_text().splitlines():
        if line and not line.startswith("#"):
            name, *figures = line.split("\t")
            baseline[name] = tuple(float(f) for f in figures)
    return baseline


def change(now, before):
    return "new" if before is None else "" if before == 0 else f"{(now - before) / before:+.1%}"


def worse(counted, baseline, threshold):
    """In words, what needs more than the baseline says, or is no longer counted."""
    found = []
    for name, (instructions, allocations, _) in counted.items():
        known = baseline.get(name)
        if known and instructions > known[0] * (1 + threshold / 100):
            found.append(f"{name}: {change(instructions, known[0])} instructions")
        # Growing arrays and tables are fractions of an allocation each; one in fifty is something else.
        if known and allocations > known[1] + 0.02:
            found.append(f"{name}: {allocations:.3f} allocations, {known[1]:.3f} before")
    return found + [f"{name}: is no longer counted" for name in baseline if name not in counted]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--baseline", default="baseline.tsv")
    parser.add_argument("--threshold", type=float, default=3)
    parser.add_argument("--only", default="")
    parser.add_argument("--write", action="store_true", help="make what is counted the baseline")
    arguments = parser.parse_args()
    names = subprocess.run(
        [arguments.program, "list"], check=True, capture_output=True, text=True).stdout.splitlines()
    names = [n for n in names if arguments.only in n]
    baseline = read(arguments.baseline) if Path(arguments.baseline).exists() else {}
    counted = {}
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        results = [pool.submit(count, arguments.program, n, folder) for n in names]
        for name, result in zip(names, results):
            counted[name] = result.result()

    print("| an operation | instructions | to the baseline | allocations | retains and releases |")
    print("|---|---|---|---|---|")
    for name, (instructions, allocations, references) in counted.items():
        known = baseline.get(name)
        print(
            f"| {name} | {instructions:,.0f} | {change(instructions, known and known[0])} "
            f"| {allocations:.3f} | {references:.1f} |")

    asked = {n: f for n, f in baseline.items() if arguments.only in n}
    found = worse(counted, asked, arguments.threshold)
    if arguments.write:
        kept = {**{n: f for n, f in baseline.items() if n not in asked}, **counted}
        lines = ["# operation\tinstructions\tallocations\tretains and releases"]
        lines += [f"{n}\t{i:.1f}\t{a:.3f}\t{r:.2f}" for n, (i, a, r) in kept.items()]
        Path(arguments.baseline).write_text("\n".join(lines) + "\n")
        print(f"\n{arguments.baseline} is what was counted now.")
    elif found:
        print("\nWorse than the baseline:")
        for line in found:
            print(f"- {line}")
        sys.exit(1)


if __name__ == "__main__":
    try:
        main()
    except (RuntimeError, subprocess.CalledProcessError) as error:
        print(f"counts.py: {error}", file=sys.stderr)
        sys.exit(2)
