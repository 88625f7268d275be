"""A sweep as a job of a cluster elsewhere: what travels there (``luggage``), and the job itself (``job``).

The driver runs on the cluster, so that it outlives the machine that it was sent from, and nothing needs to be
installed there but what the package depends on. Of the user's, what a cluster cannot have yet travels:
modules that the sweep names and small data. All else is refused with what to do.
"""

from mtl_search.search.remote.job import Job, Jobs
from mtl_search.search.remote.luggage import pack

__all__ = ["Job", "Jobs", "pack"]
