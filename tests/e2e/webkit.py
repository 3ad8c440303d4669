"""WebKitGTK's MiniBrowser, driven over WebDriver (plain HTTP and JSON), on a display that nobody sees."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from lab import free_port

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def path() -> tuple[str, str, str] | None:
    """Driver, browser and X server, if all are there."""
    driver, display = shutil.which("WebKitWebDriver"), shutil.which("Xvfb")
    browsers = sorted(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser"))
    return (driver, str(browsers[-1]), display) if driver and display and browsers else None


class WebKit:
    """A session with an empty profile, until it is left."""

    def __init__(self, home: Path) -> None:
        found = path()
        if found is None:
            raise FileNotFoundError("no WebKitGTK: apt-get install webkit2gtk-driver xvfb")
        driver, browser, xvfb = found
        home.mkdir(parents=True, exist_ok=True)
        self._processes: list[subprocess.Popen[bytes]] = []
        try:
            environment = {
                **os.environ,
                "DISPLAY": self._display(xvfb),
                "HOME": str(home),
                "XDG_DATA_HOME": str(home / "data"),
                "XDG_CACHE_HOME": str(home / "cache"),
                "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",
            }
            port = free_port(0)
            self._processes.append(
                subprocess.Popen(
                    [driver, "--host=127.0.0.1", f"--port={port}"], env=environment, stderr=subprocess.DEVNULL
                )
            )
            self._root = f"http://127.0.0.1:{port}"
            self._wait()
            options = {"binary": browser, "args": ["--automation"]}
            capabilities = {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}}
            self._session = f"/session/{self._call('POST', '/session', capabilities)['sessionId']}"
            self._call("POST", f"{self._session}/timeouts", {"script": 60_000, "pageLoad": 60_000})
        except BaseException:
            self.close()
            raise

    def _display(self, xvfb: str) -> str:
        """Start an X server on the first free display."""
        receive, send = os.pipe()
        command = [xvfb, "-displayfd", str(send), "-screen", "0", "1280x1000x24", "-nolisten", "tcp"]
        self._processes.append(subprocess.Popen(command, pass_fds=[send], stderr=subprocess.DEVNULL))
        os.close(send)
        with os.fdopen(receive) as stream:
            return f":{stream.readline().strip()}"

    def _wait(self) -> None:
        end = time.monotonic() + 30
        while True:
            try:
                self._call("GET", "/status")
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)
            else:
                return

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._root + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with OPENER.open(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read().decode(errors="replace")) from None

    def goto(self, url: str) -> None:
        self._call("POST", f"{self._session}/url", {"url": url})

    def run(self, script: str) -> Any:
        """What a script returns (``return …``), in the page."""
        return self._call("POST", f"{self._session}/execute/sync", {"script": script, "args": []})

    def until(self, script: str, seconds: float = 20) -> Any:
        """What the script returns as soon as that is true."""
        end = time.monotonic() + seconds
        while not (value := self.run(script)):
            assert time.monotonic() < end, f"still {value!r}: {script}"
            time.sleep(0.2)
        return value

    def close(self) -> None:
        if hasattr(self, "_session"):
            with suppress(OSError, AssertionError):
                self._call("DELETE", self._session)
        for process in reversed(self._processes):
            process.terminate()
            process.wait(timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()
