"""What the search knows: the leaderboard as decisions need it, and the records that it is made of.

``ledger`` holds the trials of the search, the references and the gains over them; ``replicates`` what was
trained again, ``seed_noise`` what that says of chance, ``timings`` how long trainings take. ``recording``
makes a record of a job and its outcome, and ``attempts`` says how often what failed is tried again.
"""

from mtl_search.search.ledger.ledger import Ledger

__all__ = ["Ledger"]
