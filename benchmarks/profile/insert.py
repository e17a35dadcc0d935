#!/usr/bin/env python3
"""Puts what comes in by standard input between two marks of a page, which stay:

    insert.py PAGE NAME < text

The marks are the lines `<!-- NAME -->` and `<!-- /NAME -->`.
"""

import sys
from pathlib import Path


def main():
    page, name = Path(sys.argv[1]), sys.argv[2]
    text = page.read_text()
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->\n"
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        sys.exit(f"insert.py: {page} has no marks {begin.strip()} and {end.strip()}, once each")
    before, rest = text.split(begin)
    _, after = rest.split(end)
    page.write_text(f"{before}{begin}\n{sys.stdin.read().strip()}\n\n{end}{after}")


if __name__ == "__main__":
    main()
