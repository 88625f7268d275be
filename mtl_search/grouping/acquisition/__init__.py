"""The acquisition function: what training one more set is worth.

``facility`` picks the sets of the best design, ``improvement`` says what a training is expected to raise it
by, ``outlook`` puts both together, and ``candidates`` are the sets worth weighing. ``budget``,
``budget_rise`` and ``sizes`` do the same for designs that are bounded by their number of parameters.
"""
