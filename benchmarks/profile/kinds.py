#!/usr/bin/env python3
"""Says what the time of one operation goes to, from folded stacks:

    kinds.py stacks.folded MICROSECONDS [--functions 25]

MICROSECONDS is the CPU time of one operation, engine and Redis together, measured without the
profiler. Prints Markdown.

A sample belongs to the part of the engine that the frame nearest to its leaf names; helpers that
everybody uses (memory, reference counts, byte buffers) are passed over, and show as columns instead.
"""

import argparse
import re
from collections import Counter, defaultdict

# Frames that do not say by themselves for whom they work.
PASSED_OVER = re.compile(
    r"^(runtime|libc|\[|stock:|Swift:|Atomics:|NIOCore:(ByteBuffer|IOData|NIOAny)|StockRedis:.*RawWriter|"
    r"StockCore:(outlined|destroy|initializeWith|assignWith)|"
    r"StockHTTP:(outlined|destroy|initializeWith|assignWith))"
)

# The first that matches; the order of the table as well.
PARTS = [
    ("loop and sockets", r"^StockLoop"),
    ("NIO", r"^(NIO|_NIO|CNIO|DequeModule)"),
    ("front: find the request and its fields",
     r"^StockHTTP:.*(HTTPConnection\.(scan|take|plain|received)|RequestScanner|HeaderFields|RequestTarget)"),
    ("front: key", r"^(StockHTTP:.*(Credentials|KeyCache|principal|equalInConstantTime)|Crypto)"),
    ("front: route", r"^StockHTTP:.*(RouteTable|HTTPConnection\.(judge|route|authorize))"),
    ("front: JSON to command",
     r"^StockHTTP:.*(JSON|StockForm|Field|Numerals|HTTPConnection\.(stock|dispatch|submit|end))"),
    ("front: answer to bytes",
     r"^StockHTTP:.*(ByteWriter|ResponseHead|LoopFront\.write|CivilTime|Outcome|complete)"),
    ("front: connections and their order", r"^StockHTTP:"),
    ("engine: to the shard and back", r"^StockEngine:"),
    ("ledger: movements to bytes", r"^StockRedis:.*(Movement|Ledger)"),
    ("Redis: batch to bytes", r"^StockRedis:.*(Encoder|RESP|writeBulk|EntryWriter|ByteBuffer|Script|RedisKeys)"),
    ("Redis: connection and reply", r"^(StockRedis:|libhiredis:)"),
    ("ledger: movements noted", r"^StockCore:.*(ovement|Ledger|Cause)"),
    ("shard: batch closed, committed, answers released",
     r"^StockCore:.*(closeBatch|finishBatch|finishRecords|computeDigest|repliedTo|replied\(|release\(_:sequence"
     r"|RedoTail|Journal|endOfTick|takeAnswers|takeCommitted|takeMessages|CommitReply|\bBatch\b|InFlight)"),
    ("shard: decide", r"^StockCore:"),
]
PARTS = [(name, re.compile(pattern)) for name, pattern in PARTS]
ORDER = [
    "kernel: write to clients", "kernel: read from clients", "kernel: epoll",
    "kernel: to and from Redis", "kernel: other", "front: find the request and its fields",
    "front: key", "front: route", "front: JSON to command", "front: answer to bytes",
    "front: connections and their order", "engine: to the shard and back", "shard: decide",
    "shard: batch closed, committed, answers released", "ledger: movements noted",
    "ledger: movements to bytes", "Redis: batch to bytes", "Redis: connection and reply",
    "loop and sockets", "NIO", "unknown caller", "redis-server: kernel",
    "redis-server: script and data", "redis-server: fsync thread", "others",
]

REFERENCES = re.compile(r"^(runtime|stock):.*(retain|release|RefCount|isUniquely|bridgeObject)", re.I)
MEMORY = re.compile(
    r"^(libc:.*(malloc|free|calloc|realloc|memalign|chunk|arena)|runtime:.*(alloc|Alloc|metadata|Metadata))")
COPIES = re.compile(
    r"^(libc:.*(memmove|memcpy|memset)|\w+:(outlined|destroy for|initializeWith|assignWith))")


def kernel_part(frames, on_loop):
    """The part of a sample that was in the kernel."""
    if not on_loop:
        return "redis-server: kernel"
    # From the system call on: what came before does not say which one it is.
    start = next(i for i, frame in enumerate(frames) if frame.startswith("kernel:"))
    text = ";".join(frames[max(0, start - 1):])
    if "kernel:unix_" in text:
        return "kernel: to and from Redis"
    if re.search(r"kernel:(__x64_sys_)?(epoll|do_epoll|ep_)", text) or "__epoll" in text:
        return "kernel: epoll"
    if re.search(r"kernel:(ksys_|__x64_sys_|vfs_|sock_)(write|send)|libc:[^;]*(write|send)", text):
        return "kernel: write to clients"
    if re.search(r"kernel:(ksys_|__x64_sys_|vfs_|sock_)(read|recv)|libc:[^;]*(read|recv)", text):
        return "kernel: read from clients"
    return "kernel: other"


def part(thread, frames):
    """The row of a sample."""
    leaf = frames[-1] if frames else ""
    if thread.startswith("bio_"):
        return "redis-server: fsync thread"
    on_loop = thread == "event loop"
    if not on_loop and not thread.startswith("redis"):
        return "others"
    if leaf.startswith("kernel:"):
        return kernel_part(frames, on_loop)
    if not on_loop:
        return "redis-server: script and data"
    for frame in reversed(frames):
        if frame.startswith("kernel:") or PASSED_OVER.match(frame):
            continue
        for name, pattern in PARTS:
            if pattern.search(frame):
                return name
    return "unknown caller"


def column(frames):
    """Which kind of work a sample is."""
    leaf = frames[-1] if frames else ""
    if REFERENCES.match(leaf):
        return "references"
    if MEMORY.match(leaf):
        return "memory"
    if COPIES.match(leaf):
        return "copies"
    return "code"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folded")
    parser.add_argument("microseconds", type=float)
    parser.add_argument("--functions", type=int, default=0, help="how many functions to list as well")
    arguments = parser.parse_args()
    table = defaultdict(Counter)
    functions = Counter()
    with open(arguments.folded) as lines:
        for line in lines:
            stack, count = line.rsplit(" ", 1)
            thread, *frames = stack.split(";")
            table[part(thread, frames)][column(frames)] += int(count)
            functions[frames[-1] if frames else "?"] += int(count)
    total = sum(sum(row.values()) for row in table.values())
    scale = arguments.microseconds / total

    print("| part | µs | share | code | references | memory | copies |")
    print("|---|---|---|---|---|---|---|")

    def row(name, counts):
        cells = " | ".join(
            f"{counts[c] * scale:.2f}" if counts[c] else "" for c in ("code", "references", "memory", "copies"))
        count = sum(counts.values())
        print(f"| {name} | {count * scale:.2f} | {count / total:.1%} | {cells} |")

    for name in ORDER:
        if table[name]:
            row(name, table[name])
    row("all", sum(table.values(), Counter()))
    if arguments.functions:
        print("\n| function, without what it calls | µs | share |\n|---|---|---|")
        for name, count in functions.most_common(arguments.functions):
            print(f"| `{name.replace('|', ' ')}` | {count * scale:.3f} | {count / total:.1%} |")


if __name__ == "__main__":
    main()
