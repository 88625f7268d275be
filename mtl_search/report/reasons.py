"""Third section: why?"""

from mtl_search.report.choices import choices
from mtl_search.report.company import companions
from mtl_search.report.dynamics import learning_rates, task_curves, weight_curves
from mtl_search.report.figures import Figure
from mtl_search.report.foretold import beliefs
from mtl_search.report.heat import affinity_map, importance_map
from mtl_search.report.tables import Tables

__all__ = ["reasons"]


def reasons(tables: Tables) -> tuple[Figure, ...]:
    """Which tasks help which, what mattered, where to split, how weights and learning went."""
    design = tables.advised
    pairs = companions(design, tables) if design else {}
    together = {(task, other) for task, others in pairs.items() for other in others}
    found = (
        affinity_map(tables.affinity, sorted(tables.tasks["task"]), together),
        importance_map(tables.importances),
        beliefs(tables),
        choices(tables),
        learning_rates(tables),
        weight_curves(tables),
        task_curves(tables),
    )
    return tuple(one for one in found if one is not None)
