"""Thin adapters for clusters: ``distributed.dask`` and ``distributed.spark``, each behind the extra of its name.

The classifier travels as its file, once to each worker, and is loaded once in each worker's process; the tasks
themselves carry only its SHA-256.
"""
