"""The wasm engine in the CPython kernel, run by wasmtime.

A call through wasmtime-py's ``Func`` costs 20-40 µs, the same through ``wasmtime_func_call_unchecked`` one: it goes
through private fields of the package, whose version is therefore pinned, and falls back to the plain call without them.
"""

from __future__ import annotations

import atexit
import ctypes
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from ..assets import STATIC, engine_file
from ..errors import EngineError
from ..model.edition import Edition, edition_of
from ..model.spec import Model
from .wasm_engine import Trapped, WasmEngine

Variant = Literal["simd", "baseline"]
VARIANTS: tuple[Variant, ...] = ("simd", "baseline")

_modules: dict[Path, tuple[Any, Any]] = {}
_modules_lock = threading.Lock()
# wasmtime's finalizers need its own modules, which are gone when ours is torn down at the very end.
atexit.register(_modules.clear)


def engine_path(variant: Variant, edition: Edition = "complete") -> Path:
    """The engine's file in the package."""
    return STATIC / engine_file(variant, edition)


def open_wasmtime_engine(data: bytes, model: Model, variant: Variant = "simd", path: Path | None = None) -> WasmEngine:
    """A model on the engine file of ``variant`` that a tab would load for it (or another file, for tests)."""
    file = path or engine_path(variant, edition_of(model))
    engine, module = _module(file)
    return WasmEngine(data, model, lambda: WasmtimeRuntime(engine, module), ran_on="kernel-wasm", variant=variant)


def _module(path: Path) -> tuple[Any, Any]:
    """The compiled module: once in a process, shared by every engine."""
    with _modules_lock:
        if path not in _modules:
            try:
                import wasmtime
            except ImportError as error:
                raise EngineError(
                    f"wasmtime cannot be imported ({error}): install wasmtime, or use with_engine('twin')"
                ) from None
            try:
                code = path.read_bytes()
            except OSError:
                raise EngineError(
                    f"the engine file {path} is missing: run `make build` in a source tree, else install the wheel anew"
                ) from None
            engine = wasmtime.Engine()
            try:
                _modules[path] = engine, wasmtime.Module(engine, code)
            except wasmtime.WasmtimeError as error:
                raise EngineError(f"the engine file {path} cannot be compiled: {error}") from None
        return _modules[path]


class WasmtimeRuntime:
    """Satisfies ``wasm_engine.Runtime``: one Store with one Instance."""

    def __init__(self, engine: Any, module: Any) -> None:
        import wasmtime

        try:
            self._store: Any = wasmtime.Store(engine)
            self._exports: Any = wasmtime.Instance(self._store, module, []).exports(self._store)
            self._memory: Any = self._exports["memory"]
        except (wasmtime.WasmtimeError, KeyError) as error:
            raise EngineError(f"the engine cannot be started: {error}") from None
        self._calls: dict[str, Callable[..., int]] = {}
        fast = _fast_memory(self._store, self._memory)
        self._base, self._size = fast or (self._plain_base, self._plain_size)
        self._known_base = self._known_size = 0
        self._view: memoryview | None = None

    def call(self, name: str, *arguments: int) -> int:
        """Call an export."""
        self._view = None
        return (self._calls.get(name) or self._function(name))(*arguments)

    def _function(self, name: str) -> Callable[..., int]:
        try:
            export = self._exports[name]
        except KeyError:
            raise EngineError(f"the engine file has no function {name}: build it from this version") from None
        function = _fast_call(self._store, export) or _plain_call(self._store, export)
        self._calls[name] = function
        return function

    def write(self, address: int, data: bytes | memoryview) -> None:
        """Copy into the memory. The address comes from the engine: it is not trusted with the process."""
        place = self._place(address, len(data))
        ctypes.memmove(place, data if isinstance(data, bytes) else _address(data), len(data))

    def read(self, address: int, size: int) -> bytes:
        """Copy out of the memory."""
        return ctypes.string_at(self._place(address, size), size)

    def exchange(self, name: str, handle: int, address: int, data: bytes, results: int, size: int) -> bytes | int:
        """Write, call, read: by slices, which cost half of what ``write`` and ``read`` do."""
        view, end = self._view or self._look(), address + len(data)
        if end > len(view):
            raise self._outside(address)
        view[address:end] = data
        code = (self._calls.get(name) or self._function(name))(handle, address)
        view, end = self._look(), results + size
        if end > len(view):
            raise self._outside(results)
        return code if code < 0 else view[results:end].tobytes()

    def _look(self) -> memoryview:
        """The memory as it is now; valid until the next call, which may grow it."""
        view, now = self._view, self._size()
        if view is None or now != len(view):
            view = memoryview((ctypes.c_ubyte * now).from_address(self._place(0, now))).cast("B")
            self._view = view
        return view

    def _place(self, address: int, size: int) -> int:
        """Where ``size`` bytes of the engine's memory lie in this process."""
        now = self._size()
        # Asking where it begins costs as much as the rest: the memory moves only when it grows.
        if now != self._known_size:
            self._known_size, self._known_base = now, self._base()
        if address + size > now:
            raise self._outside(address)
        return self._known_base + address

    def _outside(self, address: int) -> Trapped:
        return Trapped(f"an address of {address:,} lies outside the engine's memory")

    def close(self) -> None:
        """Release the instance with its memory."""
        self._calls.clear()
        self._view = None
        self._exports = self._memory = None
        self._store = None

    def _plain_base(self) -> int:
        return ctypes.addressof(self._memory.data_ptr(self._store).contents)

    def _plain_size(self) -> int:
        return int(self._memory.data_len(self._store))


def _address(data: memoryview) -> int:
    """Where a buffer lies; ctypes itself only tells that of writable ones."""
    import numpy

    return int(numpy.frombuffer(data, dtype=numpy.uint8).ctypes.data) if len(data) else 0


def _plain_call(store: Any, export: Any) -> Callable[..., int]:
    """The public way."""
    import wasmtime

    def call(*arguments: int) -> int:
        try:
            # Addresses above 2 GiB are negative as the signed integers that wasmtime-py takes.
            result = export(store, *(a - (1 << 32) if a >= 1 << 31 else a for a in arguments))
        except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
            raise Trapped(str(error)) from None
        return 0 if result is None else int(result)

    return call


def _fast_call(store: Any, export: Any) -> Callable[..., int] | None:
    """The call without conversions, or None where this wasmtime has it not."""
    try:
        import wasmtime
        from wasmtime import _ffi as ffi

        kind = export.type(store)
        arity = len(kind.params)
        if any(str(t) != "i32" for t in [*kind.params, *kind.results]) or len(kind.results) > 1:
            return None
        context = store._context()
        function = ctypes.byref(export._func)
        slots = (ffi.wasmtime_val_raw_t * max(1, arity))()
        # The same memory as 32-bit words: a value's low word is its i32 on every machine that wasmtime runs on.
        step = ctypes.sizeof(ffi.wasmtime_val_raw_t) // 4
        words = (ctypes.c_int32 * (step * len(slots))).from_buffer(slots)
        trap = ctypes.POINTER(ffi.wasm_trap_t)()
        trap_reference = ctypes.byref(trap)
        invoke: Any = ffi.dll["wasmtime_func_call_unchecked"]
        invoke.restype = ctypes.c_void_p
        invoke.argtypes = None
        has_result = len(kind.results) == 1
        error_type = ctypes.POINTER(ffi.wasmtime_error_t)
    except (ImportError, AttributeError, TypeError):
        return None
    count = ctypes.c_size_t(len(slots))

    def call(*arguments: int) -> int:
        if len(arguments) != arity:
            raise EngineError(f"an export of {arity} arguments was called with {len(arguments)}: build the engine anew")
        at = 0
        for value in arguments:
            words[at] = value
            at += step
        failure = invoke(context, function, slots, count, trap_reference)
        if failure:
            raise Trapped(str(wasmtime.WasmtimeError._from_ptr(ctypes.cast(failure, error_type))))
        if trap:
            # The object owns what the pointer points to; the next call needs an empty one.
            message = str(wasmtime.Trap._from_ptr(ctypes.cast(trap, ctypes.POINTER(ffi.wasm_trap_t))))
            ctypes.memset(ctypes.addressof(trap), 0, ctypes.sizeof(trap))
            raise Trapped(message)
        return words[0] if has_result else 0

    return call


def _fast_memory(store: Any, memory: Any) -> tuple[Callable[[], int], Callable[[], int]] | None:
    """(address, size) of the memory, both asked anew each time since it may grow in any call."""
    try:
        from wasmtime import _ffi as ffi

        context = store._context()
        reference = ctypes.byref(memory._memory)
        base, size = ffi.dll["wasmtime_memory_data"], ffi.dll["wasmtime_memory_data_size"]
        base.restype = ctypes.c_void_p
        size.restype = ctypes.c_size_t
    except (ImportError, AttributeError, TypeError):
        return None
    return (lambda: base(context, reference) or 0), (lambda: size(context, reference))
