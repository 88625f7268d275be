import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from mtl_search.report.tables import Tables
from mtl_search.report.timeline import lanes, timeline

trials = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(0, 20), st.integers(1, 9)), min_size=1, max_size=25
)


@given(trials)
def test_trials_at_the_same_time_never_share_a_lane_nor_nodes(rows: list[tuple[str, int, int]]) -> None:
    rows = sorted(rows, key=lambda row: row[1])
    nodes, begun, lengths = zip(*rows, strict=True)
    ended = [start + length for start, length in zip(begun, lengths, strict=True)]
    places = lanes(nodes, begun, ended)
    for i in range(len(rows)):
        for j in range(i):
            if places[i] == places[j]:
                assert nodes[i] == nodes[j]
                assert begun[i] >= ended[j]


def test_one_after_the_other_needs_one_lane() -> None:
    assert lanes(["a"] * 3, [0.0, 1.0, 2.0], [1.0, 2.0, 3.0]) == [0, 0, 0]


def test_every_trial_is_a_bar_of_its_kind(tables: Tables) -> None:
    figure = timeline(tables)
    traces = json.loads(figure.panels[0].json)["data"]
    assert [name for name, _, _ in figure.legend] == ["complete", "stopped early", "failed", "confirmation"]
    assert sum(len(trace["x"]) for trace in traces) == len(tables.trials)
    assert len(traces[-1]["x"]) == int((tables.trials["phase"] == "confirmation").sum())


def test_without_trials_there_is_no_timeline(tables: Tables) -> None:
    assert timeline(replace(tables, trials=tables.trials[:0])) is None
