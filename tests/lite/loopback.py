"""A process with nothing but the loopback interface: what it runs can reach no other machine, whatever it tries."""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path

_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 0x1


def available() -> bool:
    """Whether this machine lets us make a network namespace."""
    command = ["unshare", "--net", "--map-root-user", "true"]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def command(script: Path, *arguments: str) -> list[str]:
    """The command line that runs a Python script in a network namespace of its own (the script calls ``up`` first)."""
    return ["unshare", "--net", "--map-root-user", sys.executable, str(script), *arguments]


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
