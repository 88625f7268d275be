"""The layers of a text network that was trained before, cut into stages."""

from typing import ClassVar, Literal, final

from pydantic import Field
from torch import nn
from typing_extensions import override

from mtl_search.errors import Mismatch
from mtl_search.features import FeatureSpec, SequenceSpec, Steps
from mtl_search.model.huggingface import adapted, configuration, layers_of, run
from mtl_search.model.part import Size
from mtl_search.model.trunks.trunk import Trunk

__all__ = ["HuggingFaceTrunkConfig"]


@final
class HuggingFaceTrunkConfig(Trunk):
    """The layers of the network in ``folder``, shared out evenly among the stages.

    ``frozen``: so many stages, the lower ones, stay what they are; ``tune`` says how the others learn:
    ``full`` changes their values, ``lora`` leaves them and learns matrices of ``rank`` beside them (Hu et
    al. 2022).
    """

    cost_free: ClassVar[frozenset[str]] = frozenset({"dropout"})

    name: Literal["huggingface"] = "huggingface"
    folder: str = Field(min_length=1)
    tune: Literal["full", "lora"] = "full"
    rank: Size = 8
    frozen: int = Field(default=0, ge=0)
    dropout: float = Field(default=0.1, ge=0.0, lt=1.0)

    @override
    def stage_out(self, index: int, spec: FeatureSpec) -> FeatureSpec:
        config = configuration(self.folder)
        if not isinstance(spec, SequenceSpec) or spec.width != config.hidden_size:
            expected = f"a sequence of width {config.hidden_size} for the layers of {self.folder}"
            raise Mismatch(expected, str(spec), "encoder huggingface of the same folder makes one")
        if self.stages > config.num_hidden_layers:
            raise Mismatch(
                f"at most {config.num_hidden_layers} stages, the layers of {self.folder}", f"{self.stages}"
            )
        return spec

    @override
    def build_stage(self, index: int, spec: FeatureSpec) -> nn.Module:
        n_layers = configuration(self.folder).num_hidden_layers
        first, last = (round(i * n_layers / self.stages) for i in (index, index + 1))
        model = layers_of(self.folder, first, last, self.dropout)
        if index < self.frozen:
            model.requires_grad_(False)
        elif self.tune == "lora":
            model = adapted(model, self.rank)
        return _Layers(model)


@final
class _Layers(nn.Module):
    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, features: Steps) -> Steps:
        return run(self.model, *features)
