"""What the words on the page mean: each is linked to its entry where it first stands in a text."""

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Final, final

from markupsafe import Markup, escape

__all__ = ["GLOSSARY", "Terms", "slug"]

GLOSSARY: Final[Mapping[str, str]] = {
    "affinity": "How much a task gains when another one is trained with it, estimated from trials with and "
    "without.",
    "arm": "A part of the sweep with a budget of its own: a reference, the search, or one of yours.",
    "auxiliary": "A task that is trained only to help the others and does not count in delta_m.",
    "boosted trees": "Gradient-boosted decision trees, one tuned model a task: no networks, and no part of a "
    "composed design. A reference that tables are commonly judged by.",
    "confirmation": "The last step: the final designs are trained on new seeds, and only now is test read.",
    "control": "Each task alone with the hyperparameters of the network that serves it in the recommended "
    "design. It parts the gain of tuning from the gain of sharing.",
    "delta_m": "The mean gain over the main tasks in percent, by their weights where they have some; "
    "positive is better.",
    "design": "A set of networks in which each main task is served by one.",
    "device time": "Time that trials held CPUs or GPUs, times how many.",
    "ensemble": "The networks of all seeds of the confirmation, which predict with the mean of what each of "
    "them says. It takes as many times the parameters and operations of one, and is what export takes home.",
    "epoch": "One pass through the train rows.",
    "gain": "The improvement of a task's metric over its tuned single-task network, in percent; positive is "
    "better.",
    "cross-stitch": "A way of sharing: each task has its own layers, and after each stage a mixture of all "
    "tasks' features goes on, by weights that are learned.",
    "expert": "A copy of layers that tasks use in different mixtures: shared by all, or of one task alone.",
    "gate": "What mixes the experts for a task: how much it takes of each, row by row.",
    "Holm": "A correction for many tests at once: the chance that any of them finds something false "
    "stays below the level.",
    "interval": "Where the true value lies in 95 of 100 such sweeps: seeds and test rows vary, the train "
    "rows do not.",
    "linear": "Each main task alone in a network without hidden layers.",
    "network": "One model for a set of tasks, its members, with its hyperparameters.",
    "no difference shown": "The interval includes zero. That does not mean that there is no difference.",
    "operations": "Multiplications and additions that a prediction for one row takes.",
    "parameters": "The trainable numbers of the networks: how large they are.",
    "pooled": "A design that may be composed of the networks of all arms.",
    "primary": "The comparison that was decided on before test was read. All others are secondary and "
    "corrected by Holm.",
    "provisional": "A reference has fewer than ten completed trials or was still improving: more trials "
    "could change the verdict.",
    "recommended": "Decided on validation data: the smallest design that is not shown to be worse than the "
    "best.",
    "replication": "Networks of promising designs are trained on further seeds and known by their means from "
    "then on, so that none is chosen for one lucky seed.",
    "seed": "What the random parts of a training start from. New seeds show how much training scatters.",
    "sharing": "Layers that several tasks use together.",
    "single task": "Each main task alone in a network of its own, tuned: what all gains refer to.",
    "stage": "A group of layers. Tasks part after a stage or share it.",
    "stopped early": "A trial that the pruner gave up, since it was behind others at the same epoch.",
    "test": "Rows that were read once, in the confirmation: the numbers to believe.",
    "trial": "One network with its hyperparameters, trained once.",
    "validation": "Rows that networks and designs were chosen by. The best of many looks too good on them.",
    "weighting": "How the losses of a network's tasks are combined into one.",
}

# Words as texts have them, for those that have several forms.
_FORMS = {
    "networks": "network", "trials": "trial", "designs": "design", "gains": "gain", "arms": "arm",
    "seeds": "seed", "stages": "stage", "epochs": "epoch", "intervals": "interval",
    "ensembles": "ensemble", "experts": "expert", "gates": "gate", "validation data": "validation",
    "weightings": "weighting", "single-task": "single task", "single tasks": "single task",
    "networks of all arms": "pooled", "recommended design": "recommended", "primary comparison": "primary",
    "primary comparisons": "primary",
}  # fmt: skip
_KEYS = {**{word: word for word in GLOSSARY}, **_FORMS}
_LONGEST_FIRST = "|".join(re.escape(word) for word in sorted(_KEYS, key=len, reverse=True))
_WORD = re.compile(rf"(?<![\w.&#-])(?:{_LONGEST_FIRST})(?![\w-])", re.IGNORECASE)


def slug(word: str) -> str:
    """The id of an entry of the glossary.

    >>> slug("single task")
    'term-single-task'
    """
    return f"term-{word.lower().replace(' ', '-')}"


@final
class Terms:
    """Links words to their entries, each once in a section of the page."""

    def __init__(self) -> None:
        self._seen: defaultdict[str, set[str]] = defaultdict(set)

    def linked(self, text: str, section: str) -> Markup:
        """``text``, escaped, with the words that are new in ``section`` linked.

        >>> Terms().linked("a trial < two trials", "search")
        Markup('a <a class="term" href="#term-trial">trial</a> &lt; two trials')
        """
        return Markup(_WORD.sub(lambda found: self._link(found[0], section), str(escape(text))))

    def _link(self, word: str, section: str) -> str:
        key = _KEYS.get(word) or _KEYS.get(word.lower(), "")
        if not key or key in self._seen[section]:
            return word
        self._seen[section].add(key)
        return f'<a class="term" href="#{slug(key)}">{word}</a>'
