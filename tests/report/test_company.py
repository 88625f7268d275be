from dataclasses import replace

import pytest

from mtl_search.report.company import companions, company, disagreement, together
from mtl_search.report.tables import Tables
from mtl_search.report.words import points


def test_predicted_is_the_sum_of_the_effects_and_measured_is_over_the_control(tables: Tables) -> None:
    design, confirmed = tables.advised, tables.confirmed(tables.advised)
    assert design is not None
    assert confirmed is not None
    effects = tables.affinity.set_index(["task", "companion"])["effect"]
    control = next(row for row in tables.summary if row.design_id == confirmed.control)
    shared = companions(design, tables)
    rows = together(design, confirmed, tables)
    assert [row[0] for row in rows] == list(shared)
    for task, others, predicted, measured, _ in rows:
        assert others == ", ".join(shared[task])
        known = company(tables).predicted(task, shared[task])
        assert known == pytest.approx(sum(effects[task, other] for other in shared[task]))
        assert predicted == points(known)
        with_, without = (
            next(one.gain for one in row.tasks if one.task == task) for row in (confirmed, control)
        )
        assert measured == points(with_ - without)


def test_where_the_estimates_speak_against_the_design_it_says_what_counts(tables: Tables) -> None:
    design, confirmed = tables.advised, tables.confirmed(tables.advised)
    assert design is not None
    assert confirmed is not None
    costly = replace(tables)
    costly.__dict__["affinity"] = tables.affinity.assign(effect=-1.0)
    said = disagreement(design, confirmed, costly)
    assert said.startswith("The estimates say that its company costs ")
    assert "On test the company cost " in said
    assert disagreement(design, None, costly).endswith("not known before the confirmation.")
    helpful = replace(tables)
    helpful.__dict__["affinity"] = tables.affinity.assign(effect=1.0)
    assert disagreement(design, confirmed, helpful) == ""
