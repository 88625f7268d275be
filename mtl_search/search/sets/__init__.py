"""What the composer believes of sets of tasks, and what training one more is worth.

``evidence`` is what was measured. ``effects`` are what a gain is a sum of, and ``posterior`` is the Gaussian
process they make: a mean and a standard deviation for every task in every set. ``facility`` picks the sets of
the best design, ``improvement`` says what a training is expected to raise it by, ``outlook`` puts both
together, and ``candidates`` are the sets worth weighing. `mtl_search.search.composer` tells the whole story.
"""
