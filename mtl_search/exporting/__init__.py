"""From a finished sweep to a bundle: a design, its trained networks, and the card that says what they are.

- **The networks that were confirmed are those that are taken home**, all seeds, without training anything:
  what the card says of them was measured on them, on a test split that nothing else had seen.
- **A network that was not kept is trained again** from its recorded configuration, seed and data, which
  gives the same weights on a CPU; the data must be the same, by its fingerprint.
- **``final`` trains on all rows**, for as many epochs as were best on average. The encoding, the schedule and
  the seeds stay those of the confirmation, so that the only thing that changes is that there are more rows;
  nothing is left to measure the result with, and the card says so.
"""

from mtl_search.exporting.export import Exported, export

__all__ = ["Exported", "export"]
