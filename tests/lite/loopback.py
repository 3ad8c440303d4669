"""A process with nothing but the loopback interface: what it runs can reach no other machine, whatever it tries."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SHOTS = Path(__file__).resolve().parents[1] / "shots"
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 0x1


def available() -> bool:
    """Whether this machine lets us make a network namespace."""
    command = ["unshare", "--net", "--map-root-user", "true"]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def driven(script: Path, site: Path, scratch: Path) -> dict[str, Any]:
    """What a driver (``script SITE SHOTS SCRATCH``, it calls ``up`` first) finds in a network namespace of its own."""
    if not available():
        pytest.skip("this machine allows no network namespaces (unshare --net --map-root-user), the seal of this test")
    SHOTS.mkdir(exist_ok=True)
    command = ["unshare", "--net", "--map-root-user", sys.executable, str(script), str(site), str(SHOTS), str(scratch)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=5300)
    assert done.returncode == 0, done.stderr[-4000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def up() -> None:
    """Switch the loopback interface on (a new namespace has it switched off), and make sure that it is the only one."""
    others = [name for _, name in socket.if_nameindex() if name != "lo"]
    if others:
        sys.exit(f"this process has the network interfaces {others}: it must be started in a namespace of its own")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(asking, _SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(asking, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | _IFF_UP))
    os.environ.pop("http_proxy", None)
    os.environ.pop("https_proxy", None)
