"""An engine of its own for the tests: a free port, a new data folder, ended by its process id."""

import json
import os
import re
import signal
import subprocess
import tempfile
import threading
import urllib.error
import urllib.request

ADMIN_KEY = "sk_" + "t" * 43


class Engine:
    def __init__(self, binary):
        self.binary = binary
        self.folder = tempfile.TemporaryDirectory(prefix="stock-page-")
        self.port = 0
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        self.folder.cleanup()

    def start(self):
        """Starts it, on the same port and data if it ran before."""
        self.process = subprocess.Popen(
            [self.binary, "serve", "--port", str(self.port), "--data", self.folder.name],
            env={**os.environ, "STOCK_ADMIN_KEY": ADMIN_KEY},
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for line in self.process.stdout:
            found = re.search(r"listening on http://[^:]+:(\d+)", line)
            if found:
                self.port = int(found[1])
                self.url = f"http://127.0.0.1:{self.port}"
                # Nobody reads on: a full pipe must not stop the engine.
                threading.Thread(target=self.process.stdout.read, daemon=True).start()
                return
        raise RuntimeError("the engine did not start")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def ask(self, method, path, body=None, key=ADMIN_KEY):
        """Asks as a program does. Gives the status and what was answered."""
        request = urllib.request.Request(
            self.url + path, method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"null")

    def must(self, *arguments, **more):
        status, answer = self.ask(*arguments, **more)
        assert 200 <= status < 300, (arguments, status, answer)
        return answer

    def entry(self, product, location):
        """What the engine holds, or None."""
        summary = self.must("GET", f"/api/v1/admin/inventory/products/{product}")
        found = [entry for entry in summary["locations"] if entry["location"] == location]
        return found[0] if found else None
