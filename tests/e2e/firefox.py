"""Firefox, driven over its own Marionette protocol: a socket and JSON, so that no driver program is needed.

A message is ``LENGTH:JSON``; a command is ``[0, id, name, parameters]``, its answer ``[1, id, error, result]``.
"""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any, Self

PREFERENCES = {
    "marionette.port": 0,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.update.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.startup.page": 0,
    # Whatever it still wants to ask goes to a port where nobody listens.
    "network.proxy.type": 1,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
    "network.proxy.no_proxies_on": "127.0.0.1",
}


def path() -> str | None:
    """Where Firefox is, if it is."""
    return shutil.which("firefox-esr") or shutil.which("firefox")


class Firefox:
    """Headless, with a profile of its own in ``home``, until it is left."""

    def __init__(self, home: Path) -> None:
        program = path()
        if program is None:
            raise FileNotFoundError("no firefox: apt-get install firefox-esr")
        home.mkdir(parents=True, exist_ok=True)
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items()]
        (home / "user.js").write_text("\n".join(lines))
        command = [program, "--headless", "--marionette", "--no-remote", "--profile", str(home)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._socket: socket.socket | None = None
        self._rest = b""
        self._id = 0
        try:
            self._connect(home / "MarionetteActivePort")
        except BaseException:
            self.close()
            raise

    def _connect(self, port_file: Path) -> None:
        end = time.monotonic() + 60
        while not (port_file.exists() and port_file.read_text().strip()):
            if time.monotonic() > end or self._process.poll() is not None:
                raise RuntimeError("Firefox did not start")
            time.sleep(0.1)
        self._socket = socket.create_connection(("127.0.0.1", int(port_file.read_text())), timeout=60)
        self._receive()  # what it says of itself
        self.command("WebDriver:NewSession", {"capabilities": {}})

    def command(self, name: str, parameters: dict[str, Any]) -> Any:
        """One command's result; AssertionError where it fails."""
        assert self._socket is not None
        self._id += 1
        message = json.dumps([0, self._id, name, parameters]).encode()
        self._socket.sendall(b"%d:%s" % (len(message), message))
        _, _, error, result = self._receive()
        assert error is None, error
        return result

    def _receive(self) -> Any:
        assert self._socket is not None
        while b":" not in self._rest:
            self._rest += self._more()
        length, self._rest = self._rest.split(b":", 1)
        while len(self._rest) < int(length):
            self._rest += self._more()
        message, self._rest = self._rest[: int(length)], self._rest[int(length) :]
        return json.loads(message)

    def _more(self) -> bytes:
        assert self._socket is not None
        data = self._socket.recv(1 << 16)
        assert data, "Firefox went away"
        return data

    def goto(self, url: str) -> None:
        self.command("WebDriver:Navigate", {"url": url})

    def run(self, script: str) -> Any:
        """What a script returns (``return …``), in the page."""
        return self.command("WebDriver:ExecuteScript", {"script": script, "args": [], "sandbox": None})["value"]

    def until(self, script: str, seconds: float = 20) -> Any:
        """What the script returns as soon as that is true."""
        end = time.monotonic() + seconds
        while not (value := self.run(script)):
            assert time.monotonic() < end, f"still {value!r}: {script}"
            time.sleep(0.1)
        return value

    def screenshot(self, file: Path) -> None:
        file.write_bytes(base64.b64decode(self.command("WebDriver:TakeScreenshot", {"full": True})["value"]))

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._process.terminate()
        self._process.wait(timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()
