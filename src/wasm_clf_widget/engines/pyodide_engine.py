"""The engine inside Pyodide: the browser's (or Node's) own WebAssembly, reached through Pyodide's JavaScript bridge.

Compiling and calling are synchronous there, so the same ``WasmEngine`` stands on it as on wasmtime. A view of the
engine's memory is made for each copy: the memory may grow in any call, and a view of what it was before is dead.
"""

from __future__ import annotations

from typing import Any, Literal

from ..assets import asset, engine_file
from ..errors import EngineError
from ..model.edition import edition_of
from ..model.spec import Model
from .wasm_engine import Trapped, WasmEngine

_modules: dict[str, Any] = {}


def open_pyodide_engine(
    data: bytes, model: Model, variant: Literal["simd", "baseline"] = "simd", file: str | None = None
) -> WasmEngine:
    """A model on the engine in this page's (or worker's) WebAssembly.

    It is the engine file of ``variant`` that a tab would load for it, or ``file`` among the assets, for tests.

    Raises:
        EngineError: the browser forbids WebAssembly here, or does not know SIMD (then ``variant="baseline"``).
    """
    module = _module(file or engine_file(variant, edition_of(model)), variant)
    return WasmEngine(data, model, lambda: PyodideRuntime(module), ran_on="pyodide", variant=variant)


def _module(file: str, variant: str) -> Any:
    """The compiled engine, once for a session."""
    if file not in _modules:
        from js import WebAssembly
        from pyodide.ffi import JsException, to_js

        code = asset(file).data
        try:
            _modules[file] = WebAssembly.Module.new(to_js(code))
        except JsException as error:
            hint = ": use with_engine('wasm', 'baseline')" if variant == "simd" else ""
            raise EngineError(f"this browser does not compile the engine ({variant}): {error}{hint}") from None
    return _modules[file]


class PyodideRuntime:
    """Satisfies ``wasm_engine.Runtime``: one instance in the browser's WebAssembly."""

    def __init__(self, module: Any) -> None:
        from js import Object, Uint8Array, WebAssembly
        from pyodide.ffi import JsException

        self._failure: type[Exception] = JsException
        self._bytes = Uint8Array
        try:
            self._exports: Any = WebAssembly.Instance.new(module, Object.new()).exports
        except JsException as error:
            raise EngineError(f"the engine cannot be started: {error}") from None
        self._memory: Any = self._exports.memory
        self._calls: dict[str, Any] = {}

    def call(self, name: str, *arguments: int) -> int:
        """Call an export. JavaScript takes addresses above 2 GiB as they are."""
        function = self._calls.get(name)
        if function is None:
            function = getattr(self._exports, name, None)
            if function is None:
                raise EngineError(f"the engine file has no function {name}: build it from this version")
            self._calls[name] = function
        try:
            result = function(*arguments)
        except self._failure as error:
            raise Trapped(str(error)) from None
        return 0 if result is None else int(result)

    def write(self, address: int, data: bytes | memoryview) -> None:
        """Copy into the memory."""
        self._view(address, len(data)).assign(data)

    def read(self, address: int, size: int) -> bytes:
        """Copy out of the memory."""
        return bytes(self._view(address, size).to_bytes())

    def exchange(self, name: str, handle: int, address: int, data: bytes, results: int, size: int) -> bytes | int:
        """Write, call, read."""
        self.write(address, data)
        code = self.call(name, handle, address)
        return code if code < 0 else self.read(results, size)

    def close(self) -> None:
        """Release the instance with its memory: the browser frees it when nothing points to it."""
        self._calls.clear()
        self._exports = self._memory = None

    def _view(self, address: int, size: int) -> Any:
        try:
            return self._bytes.new(self._memory.buffer, address, size)
        except self._failure:
            raise Trapped(f"an address of {address:,} lies outside the engine's memory") from None
