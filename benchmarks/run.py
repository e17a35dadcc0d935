#!/usr/bin/env python3
"""Runs the benchmarks side by side and writes a results folder. benchmarks/README.md tells more."""

import sys

from harness.main import main

if __name__ == "__main__":
    sys.exit(main())
