"""From what somebody trained in Python to a :class:`~wasm_clf_widget.model.spec.Model`, exactly or not at all.

``sklearn`` reads a fitted pipeline (through ``vectorizers`` and ``heads``), ``source`` asks it for the answers that the
certificate keeps, ``precision`` decides what weights may be rounded, ``ugly_texts`` makes the texts that everything is
checked on. Only ``precision`` and ``ugly_texts`` work without numpy and scikit-learn, so nothing is imported here.
"""
