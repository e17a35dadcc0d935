"""What it was measured on: the machine and the versions of everything that took part."""

import os
import platform
import re
import subprocess
from pathlib import Path

#: What is asked for its version; the first line of what it says counts.
VERSIONS = {
    "swift": ["swift", "--version"], "redis-server": ["redis-server", "--version"],
    "nginx": ["nginx", "-v"], "wrk": ["wrk", "-v"], "webdis": None,
    "postgresql": ["pg_config", "--version"], "libnginx-mod-http-lua": None,
    "lua-nginx-redis": None, "python": ["python3", "--version"],
}


def _said(arguments: list[str]) -> str | None:
    try:
        done = subprocess.run(arguments, capture_output=True, text=True, timeout=30, check=False)
    except OSError:
        return None
    text = (done.stdout + done.stderr).strip()
    return text.splitlines()[0] if text else None


def _first(path: str, pattern: str) -> str | None:
    found = re.search(pattern, Path(path).read_text(), re.M)
    return found[1].strip() if found else None


def facts(folder: Path) -> dict:
    """`folder`: where the peers keep their data."""
    versions = {}
    for name, arguments in VERSIONS.items():
        said = _said(arguments) if arguments else _said(
            ["dpkg-query", "-W", "-f", "${Version}", name])
        if said and "no packages found" not in said:
            versions[name] = said
    mount = (_said(["stat", "-f", "-c", "%T", str(folder)]) or "?")
    return {
        "cpu": _first("/proc/cpuinfo", r"^model name\s*:\s*(.*)$"),
        "cores": os.cpu_count(),
        "hypervisor": "hypervisor" in (_first("/proc/cpuinfo", r"^flags\s*:\s*(.*)$") or ""),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "kernel": platform.release(),
        "system": _first("/etc/os-release", r'^PRETTY_NAME="?([^"\n]*)'),
        "file_system": mount,
        "versions": versions,
    }


def commit(root: Path) -> dict:
    """The commit that was built, and whether the sources differ from it."""
    git = ["git", "-C", str(root)]
    return {"commit": _said([*git, "rev-parse", "--short", "HEAD"]) or "unknown",
            "changed": bool(_said([*git, "status", "--porcelain", "-uno"]))}
