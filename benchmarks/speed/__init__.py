"""How fast `nnreg` is beside what a user would pick instead: ``python -m benchmarks.speed``.

Each contender (`contenders/`) is a process of its own (`worker.py`). In every round each of them
is asked for one burst of each case (`cases.py`), in random order, so that whatever else the
machine does meets all alike. What counts is the median of the ratios *within* a round
(`ratios.py`), once `agreement.py` has seen that all computed the same thing.
"""
