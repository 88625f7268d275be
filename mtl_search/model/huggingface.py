"""A text network that was trained before, from a local folder: its embeddings, or some of its layers.

The package `transformers` reads the folder and `peft` adds what LoRA learns; neither is imported before that.
"""

# B rows of a batch, L tokens, W width

from typing import TYPE_CHECKING, Any, final

import torch
from torch import Tensor, nn

from mtl_search.errors import Mismatch
from mtl_search.features import Steps
from mtl_search.model.dropout import Dropout

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedModel

__all__ = ["adapted", "configuration", "embeddings_of", "layers_of", "run"]

FINAL_NORMS = ("final_norm", "final_layer_norm", "norm")  # of networks that normalise before they compute


def configuration(folder: str) -> "PretrainedConfig":
    """What kind of network the folder holds; a Mismatch if it holds none."""
    try:
        from transformers import AutoConfig
    except ImportError:
        hint = "pip install 'mtl_search[huggingface]'"
        raise Mismatch("the package transformers", "that it is not installed", hint) from None
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError) as error:
        found = f"{folder!r}: {str(error).strip().splitlines()[0]}"
        raise Mismatch("a folder with the config.json of a Hugging Face network", found) from None
    for name, value in vars(config).items():
        if "dropout" in name and isinstance(value, float):
            setattr(config, name, 0.0)
    return config


def embeddings_of(folder: str, dropout: float) -> "PreTrainedModel":
    """The network without layers: what is called returns the embeddings of tokens, with their positions."""
    return _cut(folder, 0, 0, dropout)


def layers_of(folder: str, first: int, last: int, dropout: float) -> "PreTrainedModel":
    """The layers from ``first`` until before ``last``, which read what is given as ``inputs_embeds``."""
    model = _cut(folder, first, last, dropout)
    model.embeddings = _Through()
    return model


def run(model: nn.Module, values_BLW: Tensor, known_BL: Tensor) -> Steps:
    """What embeddings or layers make of ``inputs_embeds``."""
    mask_BL = None if known_BL.is_meta else known_BL.long()  # of which is asked whether it hides anything
    return Steps(model(inputs_embeds=values_BLW, attention_mask=mask_BL).last_hidden_state, known_BL)


def adapted(model: "PreTrainedModel", rank: int) -> "PreTrainedModel":
    """The same, frozen, and a product of two thin matrices that learns beside each of its matrices.

    LoRA (Hu et al. 2022), scaled by 2, on every linear layer.
    """
    from peft import LoraConfig, inject_adapter_in_model

    names = sorted({name for name, part in model.named_modules() if isinstance(part, nn.Linear)})
    inject_adapter_in_model(LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=names), model)
    return model


def _cut(folder: str, first: int, last: int, dropout: float) -> "PreTrainedModel":
    model = _read(folder)
    parent, name = _place_of_layers(model)
    layers = getattr(parent, name)
    is_last = last == len(layers)
    setattr(parent, name, nn.ModuleList(layers[first:last]))
    for holder in {id(one): one for one in (model, parent)}.values():
        for child in [child for child, _ in holder.named_children()]:
            if child == "pooler" or (child in FINAL_NORMS and not is_last):
                setattr(holder, child, None if child == "pooler" else nn.Identity())
    _drop(model, dropout)
    return model


def _read(folder: str) -> "PreTrainedModel":
    """The whole network; on the meta device one of its kind."""
    from transformers import AutoModel, logging

    config = configuration(folder)
    if torch.get_default_device().type == "meta":
        return AutoModel.from_config(config, trust_remote_code=False)
    logging.disable_progress_bar()
    return AutoModel.from_pretrained(
        folder, config=config, local_files_only=True, trust_remote_code=False, dtype=torch.float32
    )


def _place_of_layers(model: "PreTrainedModel") -> tuple[nn.Module, str]:
    """Which module has the list of layers, and by which name; a Mismatch if there is none."""
    n_layers = model.config.num_hidden_layers
    for parent in model.modules():
        for name, child in parent.named_children():
            if isinstance(child, nn.ModuleList) and len(child) == n_layers and hasattr(model, "embeddings"):
                return parent, name
    expected = "a network like BERT, of embeddings and a list of layers"
    raise Mismatch(expected, f"a {type(model).__name__}")


def _drop(model: nn.Module, rate: float) -> None:
    """Let dropout follow the trial's generator.

    Attention asks its dropout module for its rate ``p`` and draws by itself: that is none.
    """
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.Dropout):
                ours: Any = Dropout(rate)
                ours.p = 0.0
                setattr(parent, name, ours)


@final
class _Through(nn.Module):
    """Stands in the place of embeddings where features come in."""

    def forward(self, *args: object, **kwargs: object) -> Tensor:
        """The one argument that is made of numbers."""
        given = [one for one in (*args, *kwargs.values()) if isinstance(one, Tensor)]
        return next(one for one in given if one.is_floating_point())
