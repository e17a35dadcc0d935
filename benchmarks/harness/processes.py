"""Programs that the benchmark starts: each is ended with it, by its own id, also on Ctrl-C."""

import os
import pwd
import signal
import socket
import subprocess
import time
from pathlib import Path


class NotStarted(Exception):
    """A program that a peer needs did not come up."""


class Processes:
    """Starts programs and ends them in the reverse order."""

    def __init__(self) -> None:
        self._running: list[subprocess.Popen] = []
        self._adopted: dict[int, str] = {}

    def start(self, arguments: list[str], log: Path, *, env: dict | None = None,
              user: str | None = None, output: Path | None = None) -> subprocess.Popen:
        """Starts a program of its own session, so that a Ctrl-C reaches only the driver.

        `output` takes its standard output where that is not for the log.
        """
        with open(log, "ab") as errors, open(output or log, "ab") as out:
            process = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=out, stderr=errors, user=user,
                group=pwd.getpwnam(user).pw_gid if user else None,
                extra_groups=[] if user else None,
                env={**os.environ, **(env or {})}, start_new_session=True)
        self._running.append(process)
        return process

    def stop(self, process: subprocess.Popen, *, grace: float = 20) -> None:
        """Ends one program: SIGTERM, and SIGKILL when it has not gone after `grace` seconds."""
        if process in self._running:
            self._running.remove(process)
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(grace)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def kill(self, process: subprocess.Popen) -> None:
        """SIGKILL: a crash, as seen from outside."""
        self._running.remove(process)
        process.kill()
        process.wait()

    def adopt(self, pid: int, mark: str) -> None:
        """Ends this one too, at the end: a program that one of ours has started, and may leave.

        `mark`: what stands in its command line, so that nobody else's program is ended.
        """
        self._adopted[pid] = mark

    def stop_all(self) -> None:
        for process in reversed(list(self._running)):
            self.stop(process)
        for pid, mark in self._adopted.items():
            try:
                command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if mark in command:
                end_process(pid)


def end_process(pid: int, *, grace: float = 10) -> None:
    """Ends a program that is not our own child (the engine's redis-server after a crash)."""
    for number, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, 2.0)):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        end = time.monotonic() + patience
        while time.monotonic() < end:
            if not Path(f"/proc/{pid}").exists():
                return
            time.sleep(0.02)


def free_port() -> int:
    """A TCP port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port: int, process: subprocess.Popen, *, seconds: float = 10) -> None:
    """Waits until somebody accepts connections on the port."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise NotStarted(f"{process.args[0]} does not listen on port {port}")
