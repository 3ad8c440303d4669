"""The model: its types (``spec``) and its file (``file``). Standard library only."""
