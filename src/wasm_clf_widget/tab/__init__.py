"""Kernel and tab: what Python asks of the reader's page, and what the page asks of the kernel where it may."""

from __future__ import annotations

from .batch import classify_in_tab
from .cache import TabCache
from .calls import TabCall, TabCalls
from .rung import KernelRung

__all__ = ["KernelRung", "TabCache", "TabCall", "TabCalls", "classify_in_tab"]
