"""The notebook's widget: the classifier in the reader's own browser tab.

The kernel's part is small: it hands out assets in chunks, keeps the traits, and lets the twin check what the tab
answers to texts that the kernel has anyway. Nothing large is a trait, so nothing large is saved in a notebook.
"""

from __future__ import annotations

import difflib
import os
import uuid
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from .assets import TAB_ASSETS, Asset, asset, tab_asset
from .classifier import Classifier
from .engines.base import Batch
from .errors import InputError, WasmClfError
from .html import EmbeddedPage, embedded, write_page
from .labels import class_index, label, labels_from
from .live import LiveCheck, answer_from
from .parity import answer_at
from .results import ClassificationResult
from .tab import KernelRung, TabCache, TabCall, TabCalls, classify_in_tab
from .tab.memory import widened_size
from .tab.received import received
from .texts import check_text, check_texts, replace_surrogates

PROTOCOL = 1
MAX_CHUNK = 1 << 20
FALLBACKS = ("none", "kernel")
_OPTIONS = ("text", "share_text", "fallback", "layout")


class _SetText(traitlets.Unicode[str, str]):
    """A text of which the tab sees every assignment from Python, an equal one too: the reader may have typed since."""

    def set(self, obj: Any, value: Any) -> None:
        # The tab's own text, not merely a text set while one of the tab's updates is taken in: that happens in another
        # thread (subshells), and observers of such an update may set a text themselves.
        from_tab = "text" in obj._property_lock and obj._property_lock["text"] == value
        with obj.hold_sync():
            super().set(obj, value)
            if not from_tab:
                obj._text_replaced = replace_surrogates(obj.text)[1]
                obj._text_seq += 1

    def validate(self, obj: Any, value: Any) -> str:
        return check_text(value)


def _without_surrogates(value: str, _widget: Any) -> str:
    """JSON cannot carry a lone surrogate; ``_text_replaced`` tells the tab how many there were."""
    return replace_surrogates(value)[0]


class ClassifierWidget(anywidget.AnyWidget):
    """A text field whose text is classified in the reader's browser tab.

    Args:
        classifier: what to run.
        share_text, fallback, text, layout: the traits of these names.

    Raises:
        InputError: an unknown keyword, not a classifier, or a fallback that is not offered.
        EngineError: the built files are missing.
    """

    text = _SetText("").tag(sync=True, to_json=_without_surrogates, echo_update=False)
    """The text to classify. str, default "". Setting it classifies in the tab.

    What the reader types arrives here only with ``share_text=True``.
    """

    share_text = traitlets.Bool(False).tag(sync=True)
    """Whether what the reader types is sent to Python. bool, default False.

    Where it is not, only the label, the scores and the number of known features are.
    """

    fallback = traitlets.Enum(FALLBACKS, "none").tag(sync=True)
    """Where to classify if the tab cannot. "none" (default): nowhere, ``status`` says why; "kernel": here.

    With "kernel", where the page's policy forbids WebAssembly or the model is too large for the tab, and only then,
    what the reader types is sent to the kernel to be classified; ``ran_on`` is then "kernel-wasm". It is not kept.
    """

    result = traitlets.Dict(default_value=None, allow_none=True).tag(sync=True, echo_update=False)
    """The last answer, as ``ClassificationResult.to_dict()``. dict, or None (nothing classified yet, the default)."""

    parity = traitlets.Dict({}).tag(sync=True, echo_update=False)
    """The keys of ``ParityReport``: the certificate replayed in the tab, joined with the twin's live checks.

    dict, empty (the default) until the tab is ready.
    """

    status = traitlets.Dict({"state": "idle", "progress": None, "code": "", "message": "", "action": ""}).tag(
        sync=True, echo_update=False
    )
    """How far the tab is. dict of state, progress (0 to 1 or None), code, message, action (what the reader can do).

    state is "idle" (the default: no tab has opened it), "fetching", "compiling", "verifying", "ready", "failed" or
    "waiting-for-kernel".
    """

    capabilities = traitlets.Dict({}).tag(sync=True, echo_update=False)
    """What the browser can do, which engine variant and rung was taken, and why.

    dict, empty (the default) until the tab has looked.
    """

    ran_on = traitlets.Unicode("").tag(sync=True, echo_update=False)
    """Where the last answer was computed: "tab-worker", "tab-main" or "kernel-wasm". str, empty until there is one."""

    _manifest = traitlets.Dict({}).tag(sync=True)
    _uid = traitlets.Unicode("").tag(sync=True)
    _text_seq = traitlets.Int(0).tag(sync=True)
    _text_replaced = traitlets.Int(0).tag(sync=True)
    _replay = traitlets.Dict({}).tag(sync=True, echo_update=False)

    def __init__(self, classifier: Classifier, **options: Any) -> None:
        _check_options(options)
        if not isinstance(classifier, Classifier):
            raise InputError(
                f"a widget shows a Classifier, found {type(classifier).__name__}: make one with Classifier.load(path) "
                "or Classifier.from_sklearn(pipeline, name=...)"
            )
        self._classifier = classifier
        by_name = {name: tab_asset(name, classifier.model) for name in TAB_ASSETS}
        by_name["model"] = Asset(classifier.sha256, classifier.model_bytes)
        self._by_hash = {each.sha256: each.data for each in by_name.values()}
        manifest: dict[str, dict[str, Any]] = {
            name: {"sha256": each.sha256, "size": len(each.data)} for name, each in by_name.items()
        }
        manifest["model"] |= {"name": classifier.name, "widened": widened_size(classifier.model_bytes)}
        super().__init__(_manifest=manifest, _uid=uuid.uuid4().hex, **options)
        self._calls = TabCalls(self.send)
        self._cache = TabCache(self._calls)
        self.on_msg(self._on_message)

    def classify(
        self, texts: Iterable[str], *, on_progress: Callable[[int, int], object] | None = None
    ) -> TabCall[list[ClassificationResult]]:
        """Classify texts in the reader's tab: ``results = await w.classify(texts)``, one result a text, in order.

        In one of the open pages, without holding it up. ``on_progress(done, total)`` is called for each slice.

        Awaiting works while the cell runs where the host delivers the page's messages meanwhile: ipykernel 7 with
        JupyterLab 4.4 or Notebook 7.4, or later. Elsewhere the call fails after twenty seconds and says so; there, keep
        the call and read ``call.result()`` in a later cell, or use ``call.add_done_callback``.

        Raises:
            InputError: something that is no text. Awaiting raises EngineError where no page answers.
        """
        if isinstance(texts, str):
            raise InputError("w.classify takes a list of texts: write [text], or set w.text and observe w.result")
        return classify_in_tab(self._calls, self._classifier, check_texts(texts), on_progress)

    @property
    def cache(self) -> TabCache:
        """The reader's browser cache: ``await w.cache.report()``, ``evict(sha256)``, ``clear()``, ``persist()``."""
        return self._cache

    @property
    def _esm(self) -> str:
        """The loader: small, because every saved widget carries it; read when a widget is made, not on import."""
        return asset("loader.js").data.decode("utf-8")

    @property
    def classifier(self) -> Classifier:
        """The classifier that was given."""
        return self._classifier

    def to_html(self, path: str | os.PathLike[str], *, title: str | None = None) -> Path:
        """Write one self-contained page that classifies offline, with this widget's text: ``Classifier.to_html``."""
        return write_page(self._classifier, path, title=title, text=self.text)

    def embed(self, *, title: str | None = None, height: int = 460) -> EmbeddedPage:
        """The same page as this cell's output: a notebook exported with nbconvert (``--to html``) stays live.

        The output holds model, engine and program: it adds their size to the saved notebook, unlike the widget itself.

        Args:
            title: read to those who cannot see it; the model's name where it is None.
            height: pixels; the reader can pull it larger.

        Raises:
            InputError: a height that is not from 160 to 4000.
        """
        return embedded(self._classifier, title=title, text=self.text, height=height)

    @cached_property
    def _live(self) -> LiveCheck:
        return LiveCheck(lambda: self._classifier.model)

    @traitlets.validate("result")
    def _own_labels(self, proposal: Any) -> dict[str, Any] | None:
        """The tab's labels went through JSON; those of the classifier have the type they had."""
        result: dict[str, Any] | None = proposal["value"]
        if result is None:
            return None
        model = self._classifier.model
        classes = model.classes  # plain Python values, where classes_ may be numpy's
        scores = result.get("all_scores")
        try:
            index = class_index(model, labels_from(model, result.get("class_index")))
            named = [{**entry, "label": one} for entry, one in zip(scores or (), classes, strict=True)]
        except (ValueError, TypeError):
            raise traitlets.TraitError(f"result is not one of this classifier's: {result!r}") from None
        return {**result, "class_index": index, "label": label(model, index), "all_scores": named}

    @traitlets.observe("_replay")
    def _join_replay(self, _change: Any) -> None:
        self.parity = self._live.joined(self._replay)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """An update of the tab (a name of ipywidgets)."""
        super().set_state(received(sync_data))

    def _on_message(self, _widget: Any, content: Any, buffers: list[Any]) -> None:
        """A message of the tab. What is not ours or has not our form is left alone: a comm is open to other code."""
        content = received(content)
        if not isinstance(content, dict) or content.get("wcw") != PROTOCOL:
            return
        handlers: dict[str, Callable[[dict[str, Any], list[bytes]], None]] = {
            "get": self._send_chunk,
            "answer": self._check_answer,
            "stages": self._name_stage,
            "ask": self._answer_tab,
            "done": self._calls.on_done,
        }
        kind = content.get("type")
        handler = handlers.get(kind) if isinstance(kind, str) else None
        if handler is not None:
            handler(content, [bytes(buffer) for buffer in buffers])

    def _send_chunk(self, message: dict[str, Any], _buffers: list[bytes]) -> None:
        request, offset, size = message.get("id"), message.get("offset"), message.get("size")
        data = self._by_hash.get(str(message.get("sha256")))
        if data is None:
            self._refuse(request, "asset-unknown", "The kernel does not have this asset: it was rebuilt meanwhile.")
        elif not isinstance(offset, int) or not isinstance(size, int) or offset < 0 or not 0 < size <= MAX_CHUNK:
            self._refuse(request, "protocol", f"A chunk is 1 to {MAX_CHUNK} bytes; asked for {size} at {offset}.")
        else:
            chunk = memoryview(data)[offset : offset + size]
            self.send({"wcw": PROTOCOL, "type": "chunk", "id": request, "offset": offset}, buffers=[chunk])

    @cached_property
    def _rung(self) -> KernelRung:
        return KernelRung(self._classifier, self._check_own)

    def _answer_tab(self, message: dict[str, Any], buffers: list[bytes]) -> None:
        """The tab asks the kernel to classify: only where that was allowed."""
        request = message.get("id")
        if self.fallback != "kernel":
            self._refuse(request, "not-allowed", "This widget was made with fallback='none': texts stay in the tab.")
            return
        try:
            value, answers = self._rung.answer(message.get("what"), buffers)
        except WasmClfError as error:
            self._refuse(request, "kernel", str(error))
        else:
            self.send({"wcw": PROTOCOL, "type": "reply", "id": request, "value": value}, buffers=answers)

    def _check_own(self, text: str, batch: Batch) -> None:
        """The kernel answered for the tab, so it has the text: the twin answers too."""
        self._live.check(text, answer_at(self._live.model, batch, 0))
        self.parity = self._live.joined(self._replay)

    def _refuse(self, request: Any, code: str, message: str) -> None:
        self.send({"wcw": PROTOCOL, "type": "refused", "id": request, "code": code, "message": message})

    def _check_answer(self, message: dict[str, Any], buffers: list[bytes]) -> None:
        """The tab answered to a text that we have: the twin answers too."""
        text = message.get("text")
        if text is None:
            if message.get("seq") != self._text_seq:
                return  # an answer to a text that was replaced meanwhile
            text = self.text
        elif not self.share_text or not isinstance(text, str):
            return
        index = message.get("class_index")
        try:
            answer = answer_from(self._live.model, index, buffers)
        except ValueError:
            return
        if not self._live.check(text, answer):
            self._asked = text
            self.send({"wcw": PROTOCOL, "type": "stages", "id": f"{self._uid}-stages", "text": text})
        self.parity = self._live.joined(self._replay)

    _asked: str | None = None

    def _name_stage(self, _message: dict[str, Any], buffers: list[bytes]) -> None:
        if self._asked is None or len(buffers) < 4:
            return
        self._live.name_stage(self._asked, buffers)
        self._asked = None
        self.parity = self._live.joined(self._replay)


def _check_options(options: dict[str, Any]) -> None:
    for name in options:
        if name not in _OPTIONS:
            close = difflib.get_close_matches(name, _OPTIONS, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise InputError(f"ClassifierWidget has no option {name!r}.{hint} It takes {', '.join(_OPTIONS)}.")
    fallback = options.get("fallback", "none")
    if fallback not in FALLBACKS:
        raise InputError(f"fallback is one of {', '.join(map(repr, FALLBACKS))}, found {fallback!r}")
    if not isinstance(options.get("share_text", False), bool):
        raise InputError(f"share_text is True or False, found {options['share_text']!r}")
