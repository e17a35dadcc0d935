#!/usr/bin/env python3
"""Draws folded stacks as a flame graph, one SVG without scripts:

    flame.py stacks.folded TITLE > flame.svg

Width is time, the leaf is at the top, and callees stand in the order of their names. A frame narrower
than `--least` of all is left out. The whole name is the tooltip.
"""

import argparse
from html import escape

WIDTH, ROW, FONT, MARGIN = 1400, 15, 10, 12
# By whose code a frame is.
COLOURS = [
    ("kernel:", "#d9825b", "kernel"), ("runtime:", "#c9b458", "Swift runtime"),
    ("libc:", "#c9b458", None), ("Swift:", "#c9b458", None), ("[", "#b9b9b9", None),
    ("StockLoop:", "#7fa7c9", "loop and sockets"), ("NIO", "#7fa7c9", None), ("StockHTTP:", "#79b98a", "HTTP front"),
    ("StockEngine:", "#b48ac2", "engine"), ("StockCore:", "#e08a9b", "shard"),
    ("StockRedis:", "#67b7b0", "to Redis"), ("redis", "#a3a08c", "redis-server"),
]


class Node:
    """A frame with what it calls."""

    def __init__(self):
        self.count = 0
        self.children = {}

    def add(self, frames, count):
        self.count += count
        if frames:
            self.children.setdefault(frames[0], Node()).add(frames[1:], count)


def colour(name):
    for prefix, value, _ in COLOURS:
        if name.startswith(prefix):
            return value
    return "#b9b9b9"


def depth(node, least):
    return 1 + max((depth(c, least) for c in node.children.values() if c.count >= least), default=0)


def merged(stack):
    """A stack without the frames that say nothing: thunks, and the way down to the event loop's run;
    functions without names that call each other are one."""
    frames = stack.split(";")
    for index, frame in enumerate(frames):
        if frame.startswith("StockLoop:LoopThread.run"):
            frames = frames[:1] + frames[index:]
            break
    noise = ("partial apply", "thunk for", "implicit closure", "protocol witness")
    kept = [f for f in frames if not f.split(":", 1)[-1].startswith(noise)]
    return [f for i, f in enumerate(kept) if i == 0 or not (f == kept[i - 1] and "[unknown]" in f)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folded")
    parser.add_argument("title")
    parser.add_argument("--least", type=float, default=0.003)
    arguments = parser.parse_args()
    root = Node()
    with open(arguments.folded) as lines:
        for line in lines:
            stack, count = line.rsplit(" ", 1)
            root.add(merged(stack), int(count))
    least = arguments.least * root.count
    rows = depth(root, least)
    height = (rows + 3) * ROW + 2 * MARGIN
    scale = (WIDTH - 2 * MARGIN) / root.count
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'font-family="monospace" font-size="{FONT}">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="{MARGIN}" y="{MARGIN + 6}" font-size="13">{escape(arguments.title)}</text>',
    ]
    x = MARGIN
    for _, value, label in COLOURS:
        if label:
            out.append(f'<rect x="{x}" y="{MARGIN + 12}" width="10" height="10" fill="{value}"/>')
            out.append(f'<text x="{x + 14}" y="{MARGIN + 21}">{label}</text>')
            x += 30 + 7 * len(label)

    def draw(node, name, x, level):
        width = node.count * scale
        y = height - MARGIN - (level + 1) * ROW
        short = name.split(":", 1)[-1] if ":" in name else name
        room = int((width - 4) / (FONT * 0.61))
        text = short if len(short) <= room else short[: room - 1] + "…" if room > 3 else ""
        share = f"{node.count / root.count:.1%}"
        out.append(
            f'<g><title>{escape(name)} ({share})</title><rect x="{x:.1f}" y="{y}" width="{width:.1f}" '
            f'height="{ROW - 1}" fill="{colour(name)}"/>'
            + (f'<text x="{x + 2:.1f}" y="{y + 11}">{escape(text)}</text>' if text else "")
            + "</g>"
        )
        for child_name, child in sorted(node.children.items()):
            if child.count >= least:
                draw(child, child_name, x, level + 1)
            x += child.count * scale

    draw(root, "all", MARGIN, 0)
    out.append("</svg>")
    print("\n".join(out))


if __name__ == "__main__":
    main()
