"""What the rest of the package uses of the search, which imports all of it."""

from mtl_search.search.course import SweepResult as SweepResult
from mtl_search.search.course import Watch as Watch
from mtl_search.search.executors.base import Executor as Executor
from mtl_search.search.executors.dashboard import Dashboard as Dashboard
from mtl_search.search.forecast.counts import Count as Count
from mtl_search.search.forecast.counts import Part as Part
from mtl_search.search.forecast.counts import Step as Step
from mtl_search.search.forecast.counts import TrialPlan as TrialPlan
from mtl_search.search.forecast.planned import planned_trials as planned_trials
from mtl_search.search.observing import idle_for as idle_for
from mtl_search.search.observing import observed as observed
from mtl_search.search.observing import still_since as still_since
from mtl_search.search.preparing.constraints import check_constraints as check_constraints
from mtl_search.search.preparing.judging import judged_by as judged_by
from mtl_search.search.preparing.teams import check_teams as check_teams
from mtl_search.search.run import resume_sweep as resume_sweep
from mtl_search.search.run import run_sweep as run_sweep
from mtl_search.search.snapshot import ArmProgress as ArmProgress
from mtl_search.search.snapshot import RunningTrial as RunningTrial
from mtl_search.search.snapshot import Snapshot as Snapshot
