"""The architecture, as a test: which package may import which, and who may import the heavy libraries.

Imports are read from the source, those inside functions and under ``TYPE_CHECKING`` too.
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

import mtl_search

ROOT = Path(mtl_search.__file__).parent

# A package imports only from itself and from those before it.
LAYERS = (
    "errors",
    "own",
    "records",
    "seeds",
    "arm_names",
    "uris",
    "scratch",
    "generators",  # a leaf: networks, weightings and the loop draw through it
    "monitoring",
    "design",
    "space",
    "weighting",
    "features",
    "tasks",
    "data",
    "leaderboard",
    "stores",
    "analysis",
    "grouping",
    "model",
    "training",
    "bundle",
    "sweep",
    "search",
    "exporting",
    "drafting",
    "report",
    "terminal",
    "commands",
    "testing",
    "cli",
)

# The same within the search: an executor sees nothing but jobs.
LAYERS_OF_SEARCH = (
    "jobs",
    "executors",
    "ledger",
    "designs",
    "studies",
    "budget",
    "phases",
    "forecast",
    "preparing",
    "remote",
    "snapshot",
    "observing",
    "ending",
    "course",
    "run",
    "public",
)

# Who may import a heavy library; lazily: only inside functions, so that the package stays light to import.
ALLOWED = {
    "ray": ("search",),
    "optuna": ("search", "sweep", "analysis"),
    "torch": (
        "features",
        "generators",
        "tasks",
        "data",
        "model",
        "weighting",
        "training",
        "bundle",
        "search",
        "testing",
    ),
    "safetensors": ("bundle",),
    "torchjd": ("weighting", "testing"),
    "torchmetrics": ("tasks",),
    "tokenizers": ("data",),
    "transformers": ("model",),
    "peft": ("model",),
    "timm": ("model",),
}
LAZILY = {
    ("optuna", "analysis"),
    ("tokenizers", "data"),
    ("torchmetrics", "tasks"),
    ("transformers", "model"),
    ("peft", "model"),
    ("timm", "model"),
}

# Rooms that need less than all that is below them: which packages of ours, and which libraries.
ALONE = {
    "grouping": (
        {"errors", "records", "seeds", "design", "grouping"},
        {"numpy", "scipy", "typing_extensions", "pandas"},  # pandas: to read tables of measured subsets
    ),
}

READS_PICKLE = re.compile(
    r"\b(torch|np|numpy|joblib|pickle|cloudpickle|dill)\.loads?\(|allow_pickle|read_pickle|Unpickler|unsafe_load"
)

BY_CALL = ("__import__", "import_module", "importlib.import_module")

# Packages from which no chain of imports may lead to HEAVY: what reads results starts without.
HEAVY = ("torch", "torchjd", "torchmetrics", "ray")
WITHOUT_HEAVY = (
    "errors",
    "records",
    "seeds",
    "arm_names",
    "uris",
    "scratch",
    "monitoring",
    "design",
    "space",
    "leaderboard",
    "stores",
    "analysis",
    "grouping",
    "report",
)


@dataclass(frozen=True)
class Import:
    """One imported name, as a dotted path, and where it stands."""

    target: str
    line: int
    at_import: bool  # runs when the module is imported: not in a function, not for type checking alone


@dataclass(frozen=True)
class Module:
    """One source file: its dotted name and what it imports."""

    name: str
    path: Path
    imports: tuple[Import, ...]

    @property
    def layer(self) -> str:
        return layer_of(self.name)

    def place(self, imported: Import) -> str:
        return f"{self.path.relative_to(ROOT.parent)}:{imported.line}: {imported.target}"


def layer_of(name: str) -> str:
    """The package below ``mtl_search``, empty for ``mtl_search`` itself."""
    return name.split(".")[1] if "." in name else ""


def read_imports(node: ast.AST, at_import: bool = True) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, child.lineno, at_import) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, f"relative import in line {child.lineno}"
            names = [f"{child.module}.{alias.name}" for alias in child.names]
            yield from (Import(name, child.lineno, at_import) for name in names)
        elif isinstance(child, ast.Call) and ast.unparse(child.func) in BY_CALL:
            yield Import(ast.literal_eval(child.args[0]), child.lineno, at_import)
        typing_only = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
        deferred = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or typing_only
        yield from read_imports(child, at_import and not deferred)


@cache
def modules() -> dict[str, Module]:
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found[name] = Module(name, path, tuple(read_imports(tree)))
    return found


def ours(target: str) -> str | None:
    """The module of ours that ``target``, a module or a name in one, is or belongs to."""
    while target.startswith("mtl_search"):
        if target in modules():
            return target
        target = target.rpartition(".")[0]
    return None


def library(target: str) -> str:
    return target.partition(".")[0]


def everything() -> list[tuple[Module, Import]]:
    return [(module, imported) for module in modules().values() for imported in module.imports]


def chains(start: str, at_import: bool = False) -> Iterator[list[str]]:
    """How a module leads to each of ours and to each name that they import (``at_import``: at once)."""
    begun, seen = [[start]], {start}
    while begun:
        chain = begun.pop()
        # importing a.b.c runs a and a.b first
        parents = [Import(chain[-1].rpartition(".")[0], 0, True)] if chain[-1].count(".") > 1 else []
        for imported in [*modules()[chain[-1]].imports, *parents]:
            if at_import and not imported.at_import:
                continue
            yield [*chain, imported.target]
            target = ours(imported.target)
            if target and target not in seen:
                seen.add(target)
                begun.append([*chain, target])


def test_every_package_has_its_layer() -> None:
    assert {module.layer for module in modules().values()} - {""} == set(LAYERS)


def test_imports_flow_one_way() -> None:
    rank = {layer: index for index, layer in enumerate(LAYERS)}
    wrong = []
    for module, imported in everything():
        target = ours(imported.target)
        if module.layer and target and (not layer_of(target) or rank[layer_of(target)] > rank[module.layer]):
            wrong.append(module.place(imported))
    assert wrong == []


def test_imports_flow_one_way_within_the_search() -> None:
    rank = {f"mtl_search.search.{layer}": index for index, layer in enumerate(LAYERS_OF_SEARCH)}
    wrong = []
    for module, imported in everything():
        here = rank.get(".".join(module.name.split(".")[:3]))
        there = rank.get(".".join((ours(imported.target) or "").split(".")[:3]))
        if here is not None and there is not None and there > here:
            wrong.append(module.place(imported))
    assert wrong == []
    assert {name for name in modules() if name.startswith("mtl_search.search.")} - rank.keys() <= {
        name for name in modules() if name.count(".") > 2
    }


@pytest.mark.parametrize("name", ALLOWED)
def test_a_heavy_library_is_imported_only_where_it_may_be(name: str) -> None:
    wrong = [
        module.place(imported)
        for module, imported in everything()
        if library(imported.target) == name
        and (module.layer not in ALLOWED[name] or (imported.at_import and (name, module.layer) in LAZILY))
    ]
    assert wrong == []


@pytest.mark.parametrize("room", ALONE)
def test_a_room_that_needs_little_imports_nothing_else(room: str) -> None:
    ours_allowed, libraries = ALONE[room]
    wrong = [
        module.place(imported)
        for module, imported in everything()
        if module.layer == room
        and library(imported.target) not in sys.stdlib_module_names | libraries
        and layer_of(ours(imported.target) or "") not in ours_allowed
    ]
    assert wrong == []


@pytest.mark.parametrize("layer", WITHOUT_HEAVY)
def test_no_chain_of_imports_leads_to_a_heavy_library(layer: str) -> None:
    for module in modules().values():
        if module.layer == layer:
            for chain in chains(module.name):
                assert library(chain[-1]) not in HEAVY, chain


def test_a_worker_does_not_import_what_decides() -> None:
    """It trains: the rest takes as long to import as torch and what it needs of ours."""
    for chain in chains("mtl_search.search.executors.trainable", at_import=True):
        assert library(chain[-1]) not in ("optuna", "pandas", "sklearn", "torchmetrics"), chain
        assert chain[-1].split(".")[:2] != ["scipy", "stats"], chain
        assert layer_of(ours(chain[-1]) or "") not in ("leaderboard", "analysis", "grouping", "sweep"), chain


def test_the_top_imports_nothing_by_itself() -> None:
    at_import = [imported.target for imported in modules()["mtl_search"].imports if imported.at_import]
    assert [target for target in at_import if ours(target)] == []


def test_no_module_imports_itself_in_a_circle() -> None:
    edges = {
        module.name: {
            target
            for imported in module.imports
            if (target := ours(imported.target)) and imported.at_import and target != module.name
        }
        for module in modules().values()
    }
    done: set[str] = set()

    def walk(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, [*path[path.index(name) :], name]
        if name not in done:
            for target in sorted(edges[name]):
                walk(target, (*path, name))
            done.add(name)

    for name in edges:
        walk(name, ())


def test_no_pickle_is_read() -> None:
    """It would run what it says. The exceptions are files that Ray, or our own worker, wrote in this run."""
    found = {
        module.name: wrong[0]
        for module in modules().values()
        if module.layer != "testing"
        and (wrong := READS_PICKLE.search(module.path.read_text(encoding="utf-8")))
    }
    executors = "mtl_search.search.executors"
    assert set(found) == {f"{executors}.worker_errors", f"{executors}.kept"}


def test_the_reader_of_imports_sees_each_kind() -> None:
    source = """
import torch.nn
from ray import tune, train
if TYPE_CHECKING:
    import optuna
def later():
    from mtl_search.design import Branching
    return __import__("scipy")
"""
    found = {(imported.target, imported.at_import) for imported in read_imports(ast.parse(source))}
    assert found == {
        ("torch.nn", True),
        ("ray.tune", True),
        ("ray.train", True),
        ("optuna", False),
        ("mtl_search.design.Branching", False),
        ("scipy", False),
    }
    assert ours("mtl_search.design.Branching") == "mtl_search.design"
    assert ours("numpy") is None
