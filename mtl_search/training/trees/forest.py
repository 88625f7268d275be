"""Forest: boosted trees in the place of a network, from a batch of inputs to a task's outputs."""

# N rows, F numeric features, C categorical columns, K outputs

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Self, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from typing_extensions import override

from mtl_search.data import Encoding, Inputs
from mtl_search.errors import Mismatch
from mtl_search.tasks import Task
from mtl_search.training.trees.model_text import checked_text

if TYPE_CHECKING:
    from lightgbm import Booster

__all__ = ["Features", "Forest", "as_text"]


@final
class Features:
    """The inputs of a network as LightGBM reads them: missing numbers and unknown levels are NaN."""

    def __init__(self, encoding: Encoding) -> None:
        numeric = encoding.numeric
        columns = numeric.columns
        self._gaps = [
            (columns.index(name), len(columns) + place) for place, name in enumerate(numeric.flagged)
        ]
        self._n_numbers = len(columns)
        n_levels = len(encoding.categorical.columns)
        self.width = self._n_numbers + n_levels
        self.categorical = list(range(self._n_numbers, self.width))

    def __call__(self, inputs: Inputs) -> NDArray[np.float64]:
        """N x (F + C), the indicators of missing numbers left out."""
        numbers_NF = inputs["numeric"].cpu().numpy().astype(np.float64)
        for column, indicator in self._gaps:
            numbers_NF[numbers_NF[:, indicator] == 1, column] = np.nan
        levels_NC = inputs["categorical"].cpu().numpy().astype(np.float64)
        levels_NC[levels_NC == 0] = np.nan
        return np.concatenate([numbers_NF[:, : self._n_numbers], levels_NC], axis=1)


@final
class Forest(nn.Module):
    """The boosters of one task, side by side; called like a network, on the CPU.

    ``rounds``: the first of their rounds that counts and how many do; -1: all.
    """

    def __init__(
        self,
        task: str,
        boosters: "Sequence[Booster]",
        features: Features,
        *,
        rounds: tuple[int, int] = (0, -1),
        threads: int = 1,
    ) -> None:
        super().__init__()
        self._task, self._boosters, self._features = task, tuple(boosters), features
        self._rounds, self._threads = rounds, threads

    @classmethod
    def of(cls, task: Task, weights: Mapping[str, Tensor], encoding: Encoding) -> Self:
        """The forest that `as_text` made bytes of; a Mismatch if it is another task's or of other inputs."""
        from lightgbm import Booster
        from lightgbm.basic import LightGBMError

        features, boosters = Features(encoding), []
        for at in range(len(weights)):
            text = weights[f"model_{at}"].numpy().tobytes().decode("latin-1")
            try:
                boosters.append(Booster(model_str=checked_text(text)))
            except Mismatch as wrong:
                raise wrong.within(f"model_{at}.txt") from None
            except LightGBMError as error:  # an objective that it does not know
                raise Mismatch("a model of LightGBM", str(error), about=f"model_{at}.txt") from error
        if others := [one.num_feature() for one in boosters if one.num_feature() != features.width]:
            raise Mismatch(f"trees on {features.width} inputs", str(others[0]))
        outputs = sum(one.num_model_per_iteration() for one in boosters)
        if outputs != task.n_outputs:
            raise Mismatch(f"trees with {task.n_outputs} outputs of {task.name!r}", str(outputs))
        return cls(task.name, boosters, features)

    @override
    def forward(self, inputs: Inputs) -> dict[str, Tensor]:
        """The task's outputs before any link, float32, N x K."""
        outputs_NK = self.outputs(self._features(inputs)).float()
        return {self._task: outputs_NK.to(inputs["numeric"].device)}

    def outputs(self, rows_NF: NDArray[np.float64]) -> Tensor:
        """The same in float64, of rows as LightGBM reads them."""
        first, count = self._rounds
        found = []
        for booster in self._boosters:
            said = booster.predict(
                rows_NF,
                start_iteration=first,
                num_iteration=count,
                raw_score=True,
                num_threads=self._threads,
            )
            width = booster.num_model_per_iteration()
            found.append(np.asarray(said, np.float64).reshape(len(rows_NF), width))
        return torch.from_numpy(np.concatenate(found, axis=1))


def as_text(boosters: "Sequence[Booster]", n_rounds: int) -> dict[str, Tensor]:
    """LightGBM's own text of each booster's first rounds, as bytes: trained weights travel as tensors."""
    texts = [booster.model_to_string(num_iteration=n_rounds) for booster in boosters]
    return {
        f"model_{at}": torch.from_numpy(np.frombuffer(text.encode(), np.uint8).copy())
        for at, text in enumerate(texts)
    }
