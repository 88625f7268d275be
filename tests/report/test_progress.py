from dataclasses import replace

from mtl_search.report.progress import progress
from mtl_search.report.tables import Tables


def test_each_arm_has_a_row_that_adds_up(tables: Tables) -> None:
    found = progress(tables)
    for row in found.rows:
        _, trained, complete, stopped, failed, *_ = row
        assert int(trained) == int(complete) + int(stopped) + int(failed)
    assert sum(int(row[1]) for row in found.rows) == int((tables.trials["phase"] == "search").sum())


def test_equal_errors_are_counted_together_with_one_example(tables: Tables) -> None:
    failures = progress(tables).failures
    failed = tables.trials[tables.trials["state"] == "failed"]
    assert sum(failure.count for failure in failures) == len(failed)
    assert [f.count for f in failures] == sorted((f.count for f in failures), reverse=True)
    for failure in failures:
        assert failure.error == failed.set_index("trial_id")["error"][failure.example]


def test_a_failed_trial_without_an_error_says_so(tables: Tables) -> None:
    silent = replace(tables, trials=tables.trials.assign(error=None))
    assert [failure.error for failure in progress(silent).failures] == ["no error was recorded"]


def test_facts_of_the_run(tables: Tables) -> None:
    facts = dict(progress(tables).facts)
    assert facts["began"].startswith("2025-03-01")
    assert facts["versions"] == "torch 2.13.0"
    assert "trials on cpu" in facts["ran"]


def test_before_the_first_trial_there_is_nothing(tables: Tables) -> None:
    none = replace(
        tables,
        trials=tables.trials[:0],
        metrics=tables.metrics[:0],
        designs=tables.designs[:0],
        summary=tables.summary[:0],
    )
    found = progress(none)
    assert (found.figures, found.rows, found.failures, found.facts) == ((), (), (), ())
