"""The tour through the rooms, in the docstring of the package, names what there is."""

import importlib
import re

import mtl_search
from tests.test_layers import LAYERS

TOUR = mtl_search.__doc__ or ""


def find(dotted: str) -> object:
    """The module, or the attribute of one, below ``mtl_search``."""
    found: object = mtl_search
    path = "mtl_search"
    for name in dotted.split("."):
        path = f"{path}.{name}"
        try:
            found = importlib.import_module(path)
        except ModuleNotFoundError:
            found = getattr(found, name)
    return found


def test_the_rooms_are_in_the_order_of_imports() -> None:
    rooms = TOUR.split("A sweep file on its way")[0]
    named = [name for name in re.findall(r"``(\w+)``", rooms) if name in LAYERS]
    assert named == [*LAYERS[:-2], "cli", "testing"]  # what users see, then what extensions need


def test_every_name_on_the_walks_is_there() -> None:
    names = re.findall(r"``([a-z_]+(?:\.\w+)+)``", TOUR)
    assert len(names) > 15
    for name in names:
        if not name.endswith((".py", ".yaml", ".log", ".parquet")):
            assert find(name)


def test_each_walk_has_ten_steps() -> None:
    assert re.findall(r"^(\d+)\. ", TOUR, re.MULTILINE) == [*map(str, range(1, 11))] * 2
