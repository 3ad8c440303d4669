"""Many texts: columns of any kind in, columns out, on all cores, in constant memory.

    errors ← input, columns ← pieces ← work, threads ← run ← {arrays, frame, stream, sample} ← {files, classifier}

Everything between the caller's column and the engine is Arrow: a column's UTF-8 bytes and offsets go to the engine as
they lie, with one copy into its memory (short texts with a second, which puts NULs between them: the engine reads many
in one go then). pyarrow is imported when something here is first used.
"""
