"""A model on the WebAssembly engine, whatever runs the WebAssembly.

How texts go in decides the speed (35-90 ns a text instead of 700): 256 of them are joined with NUL and encoded at
once, some chunks make a request, and a request is one call. Texts may hold NULs themselves; counting those would cost
more than all else, so the engine says how many bytes it read, and where that is not all, the request is sent again with
offsets. Requests are cut by bytes: memory grows with the longest text, not with the number of texts.
"""

from __future__ import annotations

import struct
import threading
from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

from ..errors import EngineError, InputError, TooManyStepsError
from ..model.shape import shape_of
from ..model.spec import Model
from ..model.tree import vectorizers
from ..results import Explanation
from ..texts import replace_surrogates
from . import wasm_abi as abi
from .base import Batch

_CHUNK_TEXTS = 256
_CHUNK_CHARACTERS = 1 << 20
_LONG_CHARACTERS = 200
"""Texts longer than that on average are encoded each for itself: one wide character would make the whole chunk wide,
which costs 6 times as much. Short texts are faster joined first."""
_REQUEST_BYTES = 128 << 10
_OUTPUT_BYTES = 4 << 20
_KEEP_BYTES = 4 << 20
_LONGEST = (1 << 30) - 1
_HEAD = struct.Struct("<12I")
"""A request for one text, with its two offsets behind it."""


_T = TypeVar("_T")


class Trapped(Exception):
    """The WebAssembly trapped: the instance is not to be used again."""


class Runtime(Protocol):
    """One instance of the engine: calls by name, and its memory by address (checked against its size)."""

    def call(self, name: str, *arguments: int) -> int:
        """The result as a signed 32-bit integer; Trapped where the instance is broken."""
        ...

    def write(self, address: int, data: bytes | memoryview) -> None: ...
    def read(self, address: int, size: int) -> bytes: ...

    def exchange(self, name: str, handle: int, address: int, data: bytes, results: int, size: int) -> bytes | int:
        """Write a request, call with (handle, address), read the results; or the negative code. One step for speed."""
        ...

    def close(self) -> None: ...


class _Block:
    """A block of the engine's memory that grows when needed, and is given back after an unusually large use."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.address = 0
        self.size = 0

    def reserve(self, size: int) -> int:
        """The address of at least ``size`` bytes."""
        if size > self.size or (self.size > _KEEP_BYTES and size <= _KEEP_BYTES):
            self.free()
            wanted = max(1024, size + size // 4 if size <= _KEEP_BYTES else size)
            self.address = allocate(self._runtime, wanted)
            self.size = wanted
        return self.address

    def free(self) -> None:
        if self.size:
            self._runtime.call("wcw_free", self.address, self.size)
            self.address = self.size = 0


def allocate(runtime: Runtime, size: int) -> int:
    """A block of the engine's memory."""
    address = runtime.call("wcw_alloc", size) & 0xFFFFFFFF
    if address == 0:
        raise EngineError(f"the engine has no room for {size:,} more bytes (WebAssembly has 4 GiB at most)")
    return address


class _Loaded:
    """An instance with the model in it."""

    def __init__(self, runtime: Runtime, data: bytes) -> None:
        self.runtime = runtime
        if (found := runtime.call("wcw_abi")) != abi.ABI_VERSION:
            raise EngineError(
                f"the engine file speaks ABI {found}, this package {abi.ABI_VERSION}: build both from one version"
            )
        address = allocate(runtime, len(data))
        runtime.write(address, data)
        # Whoever has a model has made its file or read it, content hash included (``model.file``).
        self.handle = runtime.call("wcw_load_verified", address, len(data))
        if self.handle < 0:
            raise abi.error(self.handle, self.output())
        self.input = _Block(runtime)
        self.results = _Block(runtime)

    def output(self) -> bytes:
        address = self.runtime.call("wcw_output") & 0xFFFFFFFF
        return self.runtime.read(address, self.runtime.call("wcw_output_size") & 0xFFFFFFFF)


class WasmEngine:
    """Satisfies ``engines.base.Engine``. ``start`` makes a new instance; it is asked again after a trap."""

    def __init__(self, data: bytes, model: Model, start: Callable[[], Runtime], *, ran_on: str, variant: str) -> None:
        self.ran_on = ran_on
        self.variant = variant
        self._model = model
        self._data: bytes | None = data
        self._start = start
        # One instance answers one call at a time; the lock is what makes an engine safe to share between threads.
        self._lock = threading.RLock()
        self._loaded: _Loaded | None = None
        self._revive()
        self._columns = k, p, labels = shape_of(model)
        self._most_texts = max(1, min(16_384, _OUTPUT_BYTES // (8 * (k + p + 1) + 4 * labels)))
        self._one = struct.Struct(f"<{k + p}d{labels + 1}I")

    # --- the Engine interface

    def classify(self, texts: Sequence[str]) -> Batch:
        """Answers for any number of texts."""
        with self._lock:
            if len(texts) == 1:
                return self._classify_one(texts[0])
            scores, probabilities, known = array("d"), array("d"), array("I")
            labels: array[int] = array("I")
            replaced = array("I", bytes(4 * len(texts)))
            for start, count, parts in self._requests(texts, replaced):
                block = self._answer(texts, start, count, parts)
                abi.append_outputs(self._columns, count, block, scores, probabilities, labels, known)
            p = probabilities if self._columns[1] else None
            return Batch(len(texts), scores, p, labels, known, replaced)

    def classify_buffers(self, data: memoryview, offsets: bytes) -> Batch:
        """Answers for texts as Arrow lays them out: UTF-8 bytes, and n+1 native uint32 offsets, the first of them 0.

        One call and one copy, for requests that the caller has cut. Bytes that are no UTF-8 are an InputError.
        """
        return self._classify_block(data, offsets, len(offsets) // 4 - 1)[0]

    def classify_joined(self, data: memoryview, count: int) -> Batch | None:
        """Answers for UTF-8 texts with a NUL between each two; None where a text holds a NUL itself.

        Of short texts the engine reads many in one go so, which it cannot with offsets.
        """
        try:
            batch, consumed = self._classify_block(data, b"", count)
        except TooManyStepsError:
            if bytes(data).count(0) < count:
                raise
            return None  # perhaps only of a part of a text that holds a NUL
        return batch if consumed == len(data) else None

    def _classify_block(self, data: memoryview, offsets: bytes, count: int) -> tuple[Batch, int]:
        """The answers to ``count`` texts and, without offsets, how many bytes the engine has read for them."""
        size = abi.output_size(self._columns, count)
        _check_size(len(data))

        def run(on: _Loaded) -> tuple[bytes, int]:
            address = on.input.reserve(abi.REQUEST.size + len(offsets) + max(1, len(data)))
            results = on.results.reserve(size)
            at = address + abi.REQUEST.size
            places = abi.output_places(self._columns, count, results)
            request = abi.REQUEST.pack(at + len(offsets), len(data), at if offsets else 0, count, *places, 0, 0)
            on.runtime.write(address, request + offsets)
            on.runtime.write(at + len(offsets), data)
            code = on.runtime.call("wcw_classify", on.handle, address)
            if code < 0:
                raise abi.error(code, on.output())
            consumed = int.from_bytes(on.runtime.read(address + abi.CONSUMED_AT, 4), "little")
            return on.runtime.read(results, size), consumed

        block, consumed = self._guarded(run)
        scores, probabilities, labels, known = abi.split_outputs(self._columns, count, block)
        batch = Batch(
            count,
            scores.cast("d"),
            probabilities.cast("d") if self._columns[1] else None,
            labels.cast("I"),
            known.cast("I"),
            array("I", bytes(4 * count)),
        )
        return batch, consumed

    def explain(self, text: str) -> Explanation:
        """Spans of one text with their weights."""
        clean = self._clean(text)
        return abi.explanation(self._ask("wcw_explain", (), clean), text, self._model)

    def normalize(self, text: str, vectorizer: int = 0) -> str:
        """Stage "normalize" of a vectorizer, counted as ``tree`` does."""
        return self._stage("normalize", text, vectorizer).decode()

    def tokens(self, text: str, vectorizer: int = 0) -> list[str]:
        """Stage "tokens"."""
        return abi.strings(self._stage("tokens", text, vectorizer))

    def ngrams(self, text: str, vectorizer: int = 0) -> list[str]:
        """Stage "ngrams"."""
        return abi.strings(self._stage("ngrams", text, vectorizer))

    def features(self, text: str, vectorizer: int = 0) -> list[tuple[int, float]]:
        """Stage "features": behind the transforms of the list in which the vectorizer stands."""
        self._clean(text)
        return abi.features(self._stage("features", text, vectorizer))

    def dispose(self) -> None:
        """Release the model; any later call is an EngineError."""
        with self._lock:
            loaded, self._loaded, self._data = self._loaded, None, None
            if loaded is not None:
                loaded.runtime.close()

    def build_table(self, vectorizer: int = 0) -> bytes:
        """The ready look-up table of a vectorizer, counted as ``tree`` does (the tensor ``vocabulary.table``)."""
        return self._guarded(lambda on: self._checked(on, on.runtime.call("wcw_build_table", on.handle, vectorizer)))

    # --- one text: a single write, call and read

    def _classify_one(self, text: str) -> Batch:
        replaced = 0
        try:
            data = text.encode()
        except UnicodeEncodeError:
            clean, replaced = replace_surrogates(text)
            self._refuse_hashed_surrogate(text)
            data = clean.encode()
        k, c, ends = self._columns
        size = len(data)
        _check_size(size)
        # Written out, not through _guarded: a closure and its calls would cost as much as the engine's own work.
        on = self._loaded or self._revive()
        try:
            address = on.input.reserve(_HEAD.size + size)
            results = on.results.reserve(self._one.size)
            at = address + _HEAD.size
            p = results + 8 * k
            labels = p + 8 * c
            head = _HEAD.pack(at, size, at - 8, 1, results, p if c else 0, labels, labels + 4 * ends, 0, 0, 0, size)
            block = on.runtime.exchange("wcw_classify", on.handle, address, head + data, results, self._one.size)
            if isinstance(block, int):
                raise abi.error(block, on.output())
        except Trapped as trap:
            raise self._trapped(trap) from None
        values = self._one.unpack(block)
        return Batch(1, values[:k], values[k : k + c] if c else None, values[k + c : -1], values[-1:], (replaced,))

    # --- many texts

    def _requests(self, texts: Sequence[str], replaced: array[int]) -> Iterator[tuple[int, int, list[bytes]]]:
        """(first text, number of texts, chunks of the texts joined with NUL as UTF-8), of bounded size."""
        first = count = size = 0
        parts: list[bytes] = []
        for start, stop, is_long in self._chunks(texts):
            data = self._encode(texts, start, stop, is_long, replaced)
            if parts and (size + len(data) > _REQUEST_BYTES or count + stop - start > self._most_texts):
                yield first, count, parts
                first, count, size, parts = start, 0, 0, []
            parts.append(data)
            count += stop - start
            size += len(data)
        if parts:
            yield first, count, parts

    def _chunks(self, texts: Sequence[str]) -> Iterator[tuple[int, int, bool]]:
        """Ranges of texts that may be joined without becoming too large, and whether their texts are long."""
        step = min(_CHUNK_TEXTS, self._most_texts)
        for start in range(0, len(texts), step):
            stop = min(start + step, len(texts))
            characters = sum(map(len, texts[start:stop]))
            if characters <= _CHUNK_CHARACTERS:
                yield start, stop, characters > _LONG_CHARACTERS * (stop - start)
            else:
                for i in range(start, stop):
                    yield i, i + 1, True

    def _encode(self, texts: Sequence[str], start: int, stop: int, is_long: bool, replaced: array[int]) -> bytes:
        chunk = texts[start:stop]
        try:
            if is_long:
                return b"\0".join(map(str.encode, chunk))
            return "\0".join(chunk).encode()
        except UnicodeEncodeError:
            clean = []
            for i in range(start, stop):
                text, replaced[i] = replace_surrogates(texts[i])
                if replaced[i]:
                    self._refuse_hashed_surrogate(texts[i], f"texts[{i}]: ")
                clean.append(text)
            return "\0".join(clean).encode()

    def _answer(self, texts: Sequence[str], start: int, count: int, parts: list[bytes]) -> bytes:
        """The output block of one request."""
        try:
            # A NUL at the end may be a separator before an empty text or part of a text: the offsets tell.
            if parts[-1] and not parts[-1].endswith(b"\0"):
                try:
                    block, unread = self._send(count, parts, b"")
                except TooManyStepsError as error:
                    if not any("\0" in text for text in texts[start : start + count]):
                        raise _numbered(error, start) from None
                    unread = -1  # perhaps only of a part of a text that holds a NUL
                if unread == 0:
                    return block
            pieces = [replace_surrogates(text)[0].encode() for text in texts[start : start + count]]
            try:
                return self._send(count, [b"".join(pieces)], abi.offsets(list(map(len, pieces))))[0]
            except TooManyStepsError as error:
                raise _numbered(error, start) from None
        except InputError as error:
            raise self._blame(texts, start, count, error) from None

    def _send(self, count: int, parts: list[bytes], offsets: bytes) -> tuple[bytes, int]:
        """One call: (output block, bytes of the text that the engine has not read)."""
        size = abi.output_size(self._columns, count)
        text_size = sum(map(len, parts)) + len(parts) - 1
        _check_size(text_size)

        def run(on: _Loaded) -> tuple[bytes, int]:
            address = on.input.reserve(abi.REQUEST.size + len(offsets) + 1 + text_size)
            results = on.results.reserve(size)
            at = address + abi.REQUEST.size
            places = abi.output_places(self._columns, count, results)
            request = abi.REQUEST.pack(at + len(offsets) + 1, text_size, at if offsets else 0, count, *places, 0, 0)
            # One join copies the text once: the NUL after the head is just a byte that nobody reads.
            on.runtime.write(address, b"\0".join((request + offsets, *parts)))
            code = on.runtime.call("wcw_classify", on.handle, address)
            if code < 0:
                raise abi.error(code, on.output())
            consumed = int.from_bytes(on.runtime.read(address + abi.CONSUMED_AT, 4), "little")
            return on.runtime.read(results, size), text_size - consumed

        return self._guarded(run)

    def _blame(self, texts: Sequence[str], start: int, count: int, error: InputError) -> InputError:
        """The same error with the index of the text that causes it."""
        for i in range(start, start + count):
            try:
                self._classify_one(texts[i])
            except InputError as own:
                return InputError(f"texts[{i}]: {own}")
        return error

    # --- stages and all else

    def _stage(self, stage: str, text: str, vectorizer: int) -> bytes:
        return self._ask("wcw_stage", (abi.STAGE_NUMBERS[stage],), replace_surrogates(text)[0], (vectorizer,))

    def _ask(self, name: str, before: tuple[int, ...], text: str, behind: tuple[int, ...] = ()) -> bytes:
        """A call with the text between other arguments."""
        data = text.encode()
        _check_size(len(data))

        def run(on: _Loaded) -> bytes:
            address = on.input.reserve(max(1, len(data)))
            on.runtime.write(address, data)
            return self._checked(on, on.runtime.call(name, on.handle, *before, address, len(data), *behind))

        return self._guarded(run)

    @staticmethod
    def _checked(on: _Loaded, code: int) -> bytes:
        output = on.output()
        if code < 0:
            raise abi.error(code, output)
        return output

    def _guarded(self, run: Callable[[_Loaded], _T]) -> _T:
        """Run on the instance; after a trap the next call gets a new one."""
        with self._lock:
            on = self._loaded or self._revive()
            try:
                return run(on)
            except Trapped as trap:
                raise self._trapped(trap) from None

    def _revive(self) -> _Loaded:
        """A new instance: the first one, or where a trap ended the last."""
        if self._data is None:
            raise EngineError("this engine's model was released by dispose(); load the model again to classify")
        try:
            self._loaded = _Loaded(self._start(), self._data)
        except Trapped as trap:
            raise EngineError(f"the engine trapped while it loaded the model: {trap}") from None
        return self._loaded

    def _trapped(self, trap: Trapped) -> EngineError:
        self._loaded = None
        return EngineError(f"the engine trapped and will be started anew: {trap}")

    def _clean(self, text: str) -> str:
        clean, replaced = replace_surrogates(text)
        if replaced:
            self._refuse_hashed_surrogate(text)
        return clean

    def _refuse_hashed_surrogate(self, text: str, where: str = "") -> None:
        """Where scikit-learn hashes a lone surrogate it raises; a word holds none, an n-gram of characters may."""
        v = vectorizers(self._model)[0]
        if v.vocabulary is not None or v.analyzer == "word" or v.strip_accents == "ascii":
            return
        # If the text has any n-gram at all, then every character stands in one.
        if self.ngrams(text):
            raise InputError(
                f"{where}the text holds a lone surrogate, which has no UTF-8 bytes to hash (scikit-learn raises "
                "there too); replace it first, for example by text.encode('utf-8', 'replace').decode()"
            )


def _numbered(error: TooManyStepsError, first: int) -> TooManyStepsError:
    """The same error with the index of its text in the whole list; ``first`` is that of the request's first."""
    number, _, problem = str(error).removeprefix("text ").partition(": ")
    return TooManyStepsError(f"texts[{first + int(number)}]: {problem}")


def _check_size(size: int) -> None:
    if size > _LONGEST:
        raise InputError(f"a text of {size:,} bytes is given, {_LONGEST:,} are allowed: cut it")
