"""Which designs the measured networks make, which one is recommended, and what it is compared with.

``composing`` makes the designs of each arm, and ``incumbents`` keeps the best ones up to date while the
search runs. ``choosing`` recommends one, ``finalists`` are confirmed, each with its ``control``. ``untried``
says which hyperparameters the single-task studies have yet to catch up with. Nothing here trains anything.
"""
