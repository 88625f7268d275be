"""What the tables of a sweep say: pure functions from tables to tables, and the page that shows them.

Every function takes the leaderboard's tables as pandas frames (``Leaderboard.frame``) and returns a frame or
rows; none trains, samples, or looks at anything else, so all of it can be redone years later from the Parquet
files alone. The rules that keep it honest:

- What is selected on is never what is reported. Designs are composed on valid; `summarise` reads test, which
  only the confirmation's trials have.
- A difference is believed against the noise that matters. Seeds show how much training scatters; the
  jackknife over test units shows how much hangs on the rows that happen to be in test. Both count
  (`estimate`): with seeds alone, any two networks become "significantly" different on a fixed test set.
- One comparison is primary, decided on before test is read, and "better" needs the control too
  (`comparisons`); every other family of tests is corrected (`holm`), and "no difference shown" is a result.
- Verdicts are conditional on one train set: nothing here resamples it.
- Evidence is trials trained to their end, each once: pruned ones stopped early, duplicates repeat.
- What cannot be known is NaN, not a guess: an affinity of two tasks that were never apart, an interval of
  one seed.

Estimates of why (`affinity`, `importances`) read the search's own trials, which a sampler chose; they
explain, they do not prove. The confirmation does.
"""

from mtl_search.analysis.affinity import affinity
from mtl_search.analysis.chosen import find_design
from mtl_search.analysis.curves import learning_curves, search_history, weight_trajectories
from mtl_search.analysis.fairness import arm_costs, caveats
from mtl_search.analysis.importance import importances
from mtl_search.analysis.pareto import pareto_front
from mtl_search.analysis.sensitivity import learning_rate_profile, learning_rate_spread
from mtl_search.analysis.significance import Estimate, Verdict, estimate, holm, jackknife_variance
from mtl_search.analysis.summary import summarise
from mtl_search.analysis.verdict_text import recommended, verdict_sentences

__all__ = [
    "Estimate",
    "Verdict",
    "affinity",
    "arm_costs",
    "caveats",
    "estimate",
    "find_design",
    "holm",
    "importances",
    "jackknife_variance",
    "learning_curves",
    "learning_rate_profile",
    "learning_rate_spread",
    "pareto_front",
    "recommended",
    "search_history",
    "summarise",
    "verdict_sentences",
    "weight_trajectories",
]
