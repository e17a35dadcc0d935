"""An engine of one's own for a test: started on a free port, with an empty data folder, and ended."""

import json
import os
import pathlib
import secrets
import signal
import subprocess
import sys
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Whoever ends this ends the engine too: as an exception it passes through every `finally`.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


class Engine:
    def __init__(self, binary, folder):
        """Returns when it listens. Its log is `engine.log` in `folder`."""
        self.admin_key = "sk_" + secrets.token_urlsafe(32)
        self.log = pathlib.Path(folder) / "engine.log"
        environment = {**os.environ, "STOCK_ADMIN_KEY": self.admin_key}
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                [binary, "serve", "--port", "0", "--data", str(pathlib.Path(folder) / "data")],
                stdout=subprocess.PIPE, stderr=log, text=True, env=environment)
        for line in self.process.stdout:
            if "listening on " in line:
                self.url = line.split("listening on ")[1].strip()
                return
        raise SystemExit("the engine did not start: " + self.log.read_text()[-2000:])

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def ask(self, method, path, body=None, key=None):
        """The answer's JSON. Raises where it is not 2xx."""
        request = urllib.request.Request(
            self.url + path, method=method, data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {key or self.admin_key}",
                     "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=300) as response:
            return json.loads(response.read() or b"null")
