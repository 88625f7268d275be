"""Search the design space of multi-task learning: which tasks to group, how to share, how to weight losses.

The rooms, in the order of imports, which go one way only (``tests/test_layers.py``):

- ``errors``, ``own``, ``records``, ``seeds``, ``arm_names``, ``uris``, ``scratch``, ``generators``: what
  everyone may know.
  ``monitoring``: the metrics of a running sweep, and a board of them.
- ``design``: branchings, designs and their exact composition. ``space``: strict YAML, ranges, search spaces.
- ``weighting``: how losses are combined. ``features``: what flows between the parts of a network.
- ``tasks``: kinds of targets, with head, loss and metrics. ``data``: tables made ready.
- ``leaderboard``: the tables of a sweep. ``stores``: where it lies if that is no folder. ``analysis``: what
  the tables say. ``grouping``: which tasks to try next.
- ``model``: encoders, trunks, sharing, the network. ``training``: one network, to its best epoch.
  ``bundle``: trained networks as values, and a predictor.
- ``sweep``: what a user asked for, as values. ``search``: the sweep itself, and all that knows of Ray.
  ``exporting``: bundles of its designs. ``drafting``: from a table to a sweep file.
- ``report``: the page. ``terminal``, ``commands`` and ``cli``: the command line.
  ``testing``: contract suites.

A sweep file on its way to a Parquet row:

1. ``commands.run`` reads it with ``sweep.load_sweep``: a ``sweep.SweepSpec``, checked settings and spaces.
2. ``search.run_sweep`` loads the data, opens an executor, makes the folder, saves ``sweep.yaml`` in it.
3. ``search.phases.conductor.Conductor`` opens the studies of each arm (``sweep.arms.arms_of``).
4. Asked for a job, it lets a ``search.studies.arm_study.ArmStudy`` draft one: members by a strategy of
   ``grouping``, hyperparameters by Optuna, both checked as a ``training.TrialConfig``.
5. The executor places it: with Ray, ``search.executors.searcher.SourceSearcher`` hands it to Tune.
6. On a worker, ``training.Trainer`` trains its ``training.Training`` and reports each epoch.
7. ``Conductor.report`` asks the study's pruner after each epoch whether to stop.
8. ``Conductor.finish`` makes the outcome a ``records.TrialRecord`` ...
9. ... which ``leaderboard.Leaderboard.record`` appends to ``trials.log``; then the study is told. The log
   is copied to the tables as time allows, ``trials.parquet`` last, so that a trial there is there whole.
10. The next row builds on it: strategies, studies and composition read the ``search.ledger.Ledger``.

A column on its way to a metric:

1. ``data.load_dataset`` reads its table, and every cell that means "missing" becomes null.
2. A hash of all that is used of a row puts it into train, valid or test (``data.splits.split_rows``).
3. As an input, ``data.encoding.Encoding`` fits its kind on train rows and encodes all rows as tensors.
4. As a target, the ``Config`` of its kind in ``tasks`` fits a ``tasks.Task`` on train rows, which encodes
   it as numbers and a mask of the rows that have a label. The ``data.Dataset`` holds both.
5. ``model.Network``: the encoder turns a batch of inputs into features (``features.FeatureSpec``) ...
6. ... the body that ``sharing`` builds of the trunk's stages turns them into features of each member ...
7. ... and each task's head into its outputs, of which ``Task.loss`` makes a loss.
8. The ``weighting.Weighting`` combines the losses and fills in gradients; the optimizer takes a step.
9. After an epoch, ``training.evaluation.Evaluator`` computes ``Task.evaluate_default`` on valid.
10. ``records.MetricKind.gain`` compares that with the single-task reference, and the mean over the main
    members (``training.Score``) is the trial's score.

>>> import mtl_search
>>> sorted(mtl_search.__all__)
['Leaderboard', 'load_model', 'load_sweep', 'new', 'resume_sweep', 'run_sweep']
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mtl_search.bundle import Predictor
    from mtl_search.drafting import new
    from mtl_search.leaderboard import Leaderboard
    from mtl_search.search import resume_sweep, run_sweep
    from mtl_search.sweep import load_sweep

    load_model = Predictor.load

__all__ = ["Leaderboard", "load_model", "load_sweep", "new", "resume_sweep", "run_sweep"]


def __getattr__(name: str) -> Any:
    """Import the few names above when they are used, so that ``import mtl_search`` costs nothing."""
    if name == "Leaderboard":
        from mtl_search.leaderboard import Leaderboard

        return Leaderboard
    if name == "load_model":
        from mtl_search.bundle import Predictor

        return Predictor.load
    if name == "new":
        from mtl_search.drafting import new

        return new
    if name == "load_sweep":
        from mtl_search.sweep import load_sweep

        return load_sweep
    if name in __all__:
        from mtl_search.terminal import interactive

        return getattr(interactive, name)
    raise AttributeError(f"module 'mtl_search' has no attribute {name!r}")
