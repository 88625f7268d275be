"""The contract of an encoder: subclass ``EncoderSuite`` in a test module, and pytest runs all of it."""

# ruff: noqa: D102 - the names of the tests say what they check

import pickle
from abc import ABC, abstractmethod

import pytest
import torch

from mtl_search.data import InputShape
from mtl_search.errors import Mismatch
from mtl_search.features import VectorSpec, example
from mtl_search.generators import drawing_from
from mtl_search.model import Encoder
from mtl_search.testing.toy_features import at, form_of, values_of
from mtl_search.testing.toy_networks import TOY_SHAPE, toy_rows

__all__ = ["EncoderSuite"]

SHAPES = (TOY_SHAPE, InputShape(3), InputShape(0, (4, 2)))


class EncoderSuite(ABC):
    """What is true of every encoder; it may refuse a shape, in words, but not its own."""

    @abstractmethod
    def encoder(self) -> Encoder:
        """The encoder under test."""

    def shape(self) -> InputShape:
        """Inputs that it reads."""
        return TOY_SHAPE

    @pytest.mark.parametrize("shape", [None, *SHAPES], ids=["its own", "mixed", "numbers", "levels"])
    @pytest.mark.parametrize("rows", [1, 5])
    def test_rows_become_the_features_it_says(self, shape: InputShape | None, rows: int) -> None:
        encoder, its_own = self.encoder(), shape is None
        shape = shape or self.shape()
        try:
            spec = encoder.features(shape)
        except Mismatch:
            assert not its_own
            return
        features = encoder.build(shape)(toy_rows(["age"], rows, shape=shape).inputs)
        assert form_of(features) == form_of(example(spec, rows))
        with torch.device("meta"):
            assert form_of(encoder.build(shape)(shape.example(rows))) == form_of(features)

    def test_the_chunks_of_its_columns_are_all_of_a_vector(self) -> None:
        encoder = self.encoder()
        spec = encoder.features(self.shape())
        if isinstance(spec, VectorSpec):
            assert sum(encoder.chunks(self.shape())) == spec.width
            assert min(encoder.chunks(self.shape())) > 0
        else:
            with pytest.raises(Mismatch, match="a vector for chunks"):
                encoder.chunks(self.shape())

    def test_what_it_builds_is_new(self) -> None:
        first, second = (self.encoder().build(self.shape()) for _ in range(2))
        assert not {id(p) for p in first.parameters()} & {id(p) for p in second.parameters()}

    def test_the_generator_decides_the_initial_values(self) -> None:
        states = []
        for seed in (0, 0):
            with drawing_from(torch.Generator().manual_seed(seed)):
                states.append(self.encoder().build(self.shape()).state_dict())
        torch.testing.assert_close(states[0], states[1], rtol=0, atol=0)

    def test_a_row_does_not_depend_on_the_others(self) -> None:
        module, rows = self.encoder().build(self.shape()).eval(), toy_rows(["age"], shape=self.shape())
        alone = module(rows.take(torch.tensor([7])).inputs)
        torch.testing.assert_close(at(module(rows.inputs), slice(7, 8)), at(alone, slice(0, 1)))

    def test_the_gradient_reaches_every_parameter(self) -> None:
        module = self.encoder().build(self.shape())
        features = module(toy_rows(["age"], shape=self.shape()).inputs)
        if parameters := list(module.parameters()):
            values_of(features).square().sum().backward()
            assert all(p.grad is not None and p.grad.any() for p in parameters)

    def test_the_options_survive_json_and_pickle(self) -> None:
        encoder = self.encoder()
        assert type(encoder).model_validate_json(encoder.model_dump_json()) == encoder
        assert pickle.loads(pickle.dumps(encoder)) == encoder
