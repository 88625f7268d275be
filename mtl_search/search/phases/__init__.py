"""The job sources of a sweep, one after the other: search, catch-up and replication in turn, confirmation.

``conductor`` is the search. ``catch_up`` lets the references try what the search has found. ``replication``
and ``confirmation`` are both ``retraining``: networks trained again, on new seeds. ``sequence`` runs several
sources on the same workers.
"""
