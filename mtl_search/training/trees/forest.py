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
        self.categorical = list(range(self._n_numbers, self._n_numbers + n_levels))

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
    def of(cls, task: str, weights: Mapping[str, Tensor], encoding: Encoding) -> Self:
        """The forest that `as_text` made bytes of."""
        from lightgbm import Booster

        texts = (weights[f"model_{at}"].numpy().tobytes().decode() for at in range(len(weights)))
        return cls(task, [Booster(model_str=text) for text in texts], Features(encoding))

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
