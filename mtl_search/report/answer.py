"""First section: what to train."""

import json
from dataclasses import dataclass

from mtl_search.analysis.chosen import export_command
from mtl_search.analysis.significance import Verdict
from mtl_search.analysis.verdict_text import recommended, verdict_sentences
from mtl_search.records import DesignRecord, SummaryRecord
from mtl_search.report.figures import Figure
from mtl_search.report.networks import Network, networks
from mtl_search.report.parts import gain_parts
from mtl_search.report.tables import Tables
from mtl_search.report.tiles import Tile, tiles
from mtl_search.report.training_file import training_file
from mtl_search.report.words import counted, gain, typeset

__all__ = ["Answer", "answer"]

_FILE = "best_design.yaml"


@dataclass(frozen=True, slots=True)
class Answer:
    """The design to train and what may be said of it; ``badge`` is empty where test speaks against the
    recommended design and another one is advised, ``export`` before the confirmation, ``ensemble`` where it
    is not known."""

    headline: str
    verdict: str | None
    badge: str
    provisional: bool
    tiles: tuple[Tile, ...]
    parts: Figure | None
    sentences: tuple[str, ...]
    decided: str
    networks: tuple[Network, ...]
    export: str
    ensemble: str
    file: str
    file_name: str
    command: str


def answer(tables: Tables) -> Answer | None:
    """The answer, None while there is no design."""
    design, chosen = tables.advised, recommended(tables.designs)
    if design is None or chosen is None:
        return None
    confirmed = tables.confirmed(chosen)
    said = verdict_sentences(tables.designs, tables.summary)
    configs = [json.loads(tables.trial(trial_id)["config"]) for trial_id in design.networks]
    return Answer(
        headline=typeset(said[0]),
        verdict=confirmed.verdict if confirmed else "not confirmed",
        badge=_badge(confirmed) if design is chosen else "",
        provisional=bool(confirmed and len(confirmed.provisional)),
        tiles=tiles(chosen, confirmed, tables),
        parts=gain_parts(confirmed),
        sentences=tuple(map(typeset, said[1:])),
        decided=_decided(chosen, confirmed),
        networks=networks(design, tables.confirmed(design), tables),
        export=export_command(tables.place, design) if confirmed else "",
        ensemble=_ensemble(tables.confirmed(design)),
        file=training_file(tables.sweep_file, configs),
        file_name=_FILE,
        command=f"mtl-search run {_FILE}",
    )


def _badge(confirmed: SummaryRecord | None) -> str:
    """The verdict over all comparisons, in a few words."""
    if confirmed is None:
        return "not confirmed"
    if confirmed.verdict == Verdict.BETTER:
        return "better than the references and its control"
    if confirmed.verdict == Verdict.WORSE:
        return "worse than a reference or its control"
    if confirmed.vs_single_task.verdict == Verdict.BETTER:
        by_sharing = (
            confirmed.gain_of_sharing.difference > 0 and confirmed.gain_of_sharing.p < confirmed.alpha
        )
        return f"better than single tasks, not {'than every reference' if by_sharing else 'shown by sharing'}"
    return Verdict.NONE.value


def _ensemble(row: SummaryRecord | None) -> str:
    """What is taken home, and what it gains."""
    if row is None or row.ensemble_size is None or row.ensemble_size < 2:
        return ""
    n = row.ensemble_size
    return (
        f"the ensemble of {counted(n, 'seed')}, {gain(row.ensemble_delta_m)} on test, at {n} times the size"
    )


def _decided(design: DesignRecord, confirmed: SummaryRecord | None) -> str:
    """How the design was chosen and what it was then judged by."""
    chosen = f"Decided on validation data, where its delta_m is {gain(design.delta_m)}: {design.why}."
    if confirmed is None:
        return chosen
    return (
        f"{chosen} Test was read only after that. The numbers on test are mean gains over the main tasks, "
        f"with each network trained again on {counted(confirmed.n_seeds, 'new seed')}, from one and the "
        "same train set: another sample of it would bring other networks."
    )
