"""The last step of `make demo`: JupyterLab on notebooks/quickstart.ipynb, in the foreground until Ctrl-C.

JupyterLab's own messages go into a file, so that the address stays the last thing to be read.
"""

from __future__ import annotations

import argparse
import contextlib
import secrets
import signal
import subprocess
import sys
import tempfile
import webbrowser
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import lab

NOTEBOOK = "notebooks/quickstart.ipynb"
LOG = lab.ROOT / ".cache/demo-jupyter.log"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, help="port on 127.0.0.1 (default: the first free one from 8888 on)")
    parser.add_argument("--no-open", action="store_true", help="print the address, open no browser")
    options = parser.parse_args()
    try:
        port = options.port or lab.free_port(8888)
        if lab.free_port(port) != port:
            raise OSError(f"port {port} is taken: give another, as in `make demo PORT={lab.free_port(port)}`")
    except OSError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 2
    # Ended by `kill` like by Ctrl-C: the server and its kernels end too, and the folder below is removed.
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    LOG.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="wcw-demo-") as home, LOG.open("wb") as log:
        server = lab.start(
            lab.ROOT,
            Path(home),
            port,
            secrets.token_hex(24),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            lab.wait_until_ready(server)
            print(f"demo: ready. Ctrl-C ends it; JupyterLab's messages are in {LOG.relative_to(lab.ROOT)}")
            print(f"\ndemo: open {server.page(NOTEBOOK)}\n", flush=True)
            if not options.no_open:
                with contextlib.suppress(webbrowser.Error):
                    webbrowser.open(server.page(NOTEBOOK))
            return server.process.wait()
        except KeyboardInterrupt:
            return 0
        except RuntimeError as error:
            print(f"{LOG.read_text(errors='replace')}\ndemo: {error}", file=sys.stderr)
            return 1
        finally:
            if server.process.poll() is None:
                server.process.terminate()
                server.process.wait(timeout=20)


if __name__ == "__main__":
    sys.exit(main())
