"""How this project starts a JupyterLab, for `make demo` and for the browser tests.

Loopback only, with a token, and with everything off that would ask the outside world: news, update checks, the
extension manager.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Front-end parts that would fetch something or open a dialog over the notebook.
DISABLED_EXTENSIONS = [
    "@jupyterlab/apputils-extension:announcements",
    "@jupyterlab/extensionmanager-extension",
]


@dataclass(frozen=True)
class Lab:
    """A running server; ``url`` is its root without the token."""

    process: subprocess.Popen[bytes]
    url: str
    token: str

    def page(self, path: str) -> str:
        """Address that opens a file of the server's root folder in JupyterLab."""
        return f"{self.url}lab/tree/{path}?token={self.token}"


def free_port(first: int) -> int:
    """The first free port from ``first`` on (0: any)."""
    for port in [0] if first == 0 else range(first, first + 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError(f"no free port from {first} to {first + 99}")


def start(
    root: Path, home: Path, port: int, token: str, settings: dict[str, object] | None = None, **popen: object
) -> Lab:
    """Start JupyterLab on ``root``.

    All its own files lie in ``home``: the user's Jupyter is neither read nor changed. ``settings``: overrides.json.
    """
    labconfig = home / "config/labconfig"
    labconfig.mkdir(parents=True, exist_ok=True)
    (labconfig / "page_config.json").write_text(
        json.dumps({"disabledExtensions": dict.fromkeys(DISABLED_EXTENSIONS, True)})
    )
    overrides = home / "settings"
    overrides.mkdir(exist_ok=True)
    (overrides / "overrides.json").write_text(json.dumps(settings or {}))
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "user-settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_PREFER_ENV_PATH": "1",
    }
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--no-browser",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        # Ctrl-C ends it without "Shut down this Jupyter server (y/[n])?".
        "--ServerApp.answer_yes=True",
        f"--ServerApp.root_dir={root}",
        f"--IdentityProvider.token={token}",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
        # window.jupyterapp: the browser tests run commands by it, a curious reader may too.
        "--LabApp.expose_app_in_browser=True",
        f"--LabServerApp.app_settings_dir={overrides}",
        f"--LabServerApp.labextensions_path={_extensions(home)}",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--ServerApp.allow_root=True")
    process = subprocess.Popen(command, env=environment, **popen)  # type: ignore[call-overload]
    return Lab(process, f"http://127.0.0.1:{port}/", token)


def _extensions(home: Path) -> Path:
    """The environment's front-end extensions without JupyterLite's: those fail with an error in a JupyterLab."""
    chosen = home / "labextensions"
    chosen.mkdir(exist_ok=True)
    for extension in (Path(sys.prefix) / "share/jupyter/labextensions").glob("*"):
        if extension.name != "@jupyterlite":
            (chosen / extension.name).symlink_to(extension)
    return chosen


def wait_until_ready(lab: Lab, seconds: float = 60) -> None:
    """Return when the server answers.

    Raises:
        RuntimeError: it ended, or did not answer in time.
    """
    deadline = time.monotonic() + seconds
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # never by way of a proxy
    while time.monotonic() < deadline:
        if lab.process.poll() is not None:
            raise RuntimeError(f"JupyterLab ended with exit code {lab.process.returncode}; its messages are above")
        try:
            opener.open(f"{lab.url}api/status?token={lab.token}", timeout=2).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not answer within {seconds} s")
