#!/usr/bin/env python3
"""Folds what `perf script` prints into one line a distinct stack, root first:

    perf script -i perf.data | fold.py > stacks.folded

    thread;frame;frame;frame 17

A frame is `module:function`: a Swift module (from the demangled symbol), `kernel`, or the library's
name. Needs `swift demangle` in the PATH.
"""

import re
import subprocess
import sys
from collections import Counter

FRAME = re.compile(r"^\s+[0-9a-f]+ (?P<symbol>.*?)(?:\+0x[0-9a-f]+)? \((?P<object>[^()]*(?:\(deleted\))?)\)$")
HEAD = re.compile(r"^(?P<thread>\S.*?)\s+\d+(?:/\d+)?\s+[\d.]+:")

# What the demangler says before the name of what a symbol is about.
WRAPPERS = re.compile(
    r"^(?:(?:outlined \w+(?: \w+)* of|partial apply(?: forwarder)? for|initializeWithCopy for|destroy for|"
    r"assignWithTake for|assignWithCopy for|initializeWithTake for|merged|"
    r"generic specialization <.*?> of|generic not re-abstracted specialization <.*?> of|"
    r"function signature specialization <.*?> of|reabstraction thunk helper from|"
    r"(?:implicit )?closure #\d+ \(.*?\)(?: \S+)* in|protocol witness for) )+"
)


def stacks(lines):
    """Yields (thread, frames from leaf to root), a frame as (symbol, object)."""
    thread, frames = None, []
    for line in lines:
        line = line.rstrip("\n")
        if not line:
            if thread is not None:
                yield thread, frames
            thread, frames = None, []
        elif head := HEAD.match(line):
            thread, frames = head["thread"], []
        elif frame := FRAME.match(line):
            frames.append((frame["symbol"], frame["object"]))
    if thread is not None:
        yield thread, frames


def demangled(symbols, *options):
    """Mangled symbol -> its text; one call for all of them."""
    names = sorted(symbols)
    out = subprocess.run(
        ["swift", "demangle", "--compact", *options], input="\n".join(names), text=True,
        capture_output=True, check=True,
    ).stdout.splitlines()
    return dict(zip(names, out))


def swift_module(full):
    """The module that a demangled symbol belongs to: for an extension, the one that wrote it."""
    conformance = re.search(r" in conformance ([A-Za-z_]\w*)\.", full)
    if conformance:
        return conformance[1]
    extension = re.search(r"\(extension in (\w+)\)", full)
    if extension:
        return extension[1]
    rest = WRAPPERS.sub("", full)
    name = re.search(r"\b([A-Za-z_]\w*)\.", rest)
    return name[1] if name else "Swift"


def frame_names(symbols):
    """(symbol, object) -> `module:function`."""
    # A merged or suffixed symbol demangles without its tail.
    clean = {s: re.sub(r"\.(?:resume|cold|llvm)\.?\d*$", "", s) for s, _ in symbols}
    mangled = {c for c in clean.values() if c.startswith("$s")}
    full, short = demangled(mangled), demangled(mangled, "--simplified")
    names = {}
    for symbol, where in symbols:
        c = clean[symbol]
        if where.startswith("[kernel") or where.startswith("[guest.kernel"):
            name = f"kernel:{symbol}"
        elif c in mangled:
            text = re.sub(r"\bspecialized ", "", short[c])
            text = re.sub(r"<[^<>]*>", "", text)
            name = f"{swift_module(full[c])}:{text}"
        elif symbol.startswith("swift_") or symbol.startswith("swift::"):
            name = f"runtime:{symbol}"
        else:
            name = f"{re.split('[-.]', where.rsplit('/', 1)[-1])[0]}:{symbol}"
        names[symbol, where] = re.sub(r"[;\n]", ",", name)
    return names


def main():
    samples = Counter((t, tuple(f)) for t, f in stacks(sys.stdin))
    names = frame_names({frame for _, frames in samples for frame in frames})
    folded = Counter()
    for (thread, frames), count in samples.items():
        # `stock-loop-1` -> `loop`: there may be several, and their numbers say nothing.
        thread = "event loop" if thread.startswith("stock-loop") else thread
        folded[";".join([thread] + [names[f] for f in reversed(frames)])] += count
    for stack, count in sorted(folded.items()):
        print(stack, count)


if __name__ == "__main__":
    main()
