"""The surrogate: what is believed of every set of tasks, trained or not.

``evidence`` is what was measured. ``effects`` are what a gain is a sum of, and ``posterior`` is the Gaussian
process they make: a mean and a standard deviation for every task in every set.
"""
