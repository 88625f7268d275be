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
from mtl_search.testing.toy_networks import TOY_SHAPE, toy_rows

__all__ = ["EncoderSuite"]

SHAPES = (TOY_SHAPE, InputShape(3), InputShape(0, (4, 2)))


class EncoderSuite(ABC):
    """What is true of every encoder; it may refuse a shape, in words, but not `TOY_SHAPE`."""

    @abstractmethod
    def encoder(self) -> Encoder:
        """The encoder under test."""

    @pytest.mark.parametrize("shape", SHAPES)
    @pytest.mark.parametrize("rows", [1, 5])
    def test_rows_become_the_features_it_says(self, shape: InputShape, rows: int) -> None:
        encoder = self.encoder()
        try:
            spec = encoder.features(shape)
        except Mismatch:
            assert shape != TOY_SHAPE
            return
        features = encoder.build(shape)(toy_rows(["age"], rows, shape=shape).inputs)
        assert features.shape == example(spec, rows).shape
        with torch.device("meta"):
            assert encoder.build(shape)(shape.example(rows)).shape == features.shape

    def test_the_chunks_of_its_columns_are_all_of_a_vector(self) -> None:
        encoder = self.encoder()
        spec = encoder.features(TOY_SHAPE)
        if isinstance(spec, VectorSpec):
            assert sum(encoder.chunks(TOY_SHAPE)) == spec.width
            assert min(encoder.chunks(TOY_SHAPE)) > 0
        else:
            with pytest.raises(Mismatch, match="a vector for chunks"):
                encoder.chunks(TOY_SHAPE)

    def test_what_it_builds_is_new(self) -> None:
        first, second = (self.encoder().build(TOY_SHAPE) for _ in range(2))
        assert not {id(p) for p in first.parameters()} & {id(p) for p in second.parameters()}

    def test_the_generator_decides_the_initial_values(self) -> None:
        states = []
        for seed in (0, 0):
            with drawing_from(torch.Generator().manual_seed(seed)):
                states.append(self.encoder().build(TOY_SHAPE).state_dict())
        torch.testing.assert_close(states[0], states[1], rtol=0, atol=0)

    def test_a_row_does_not_depend_on_the_others(self) -> None:
        module, rows = self.encoder().build(TOY_SHAPE).eval(), toy_rows(["age"])
        alone = module(rows.take(torch.tensor([7])).inputs)
        torch.testing.assert_close(module(rows.inputs)[7:8], alone)

    def test_the_gradient_reaches_every_parameter(self) -> None:
        module = self.encoder().build(TOY_SHAPE)
        module(toy_rows(["age"]).inputs).square().sum().backward()
        assert all(p.grad is not None and p.grad.any() for p in module.parameters())

    def test_the_options_survive_json_and_pickle(self) -> None:
        encoder = self.encoder()
        assert type(encoder).model_validate_json(encoder.model_dump_json()) == encoder
        assert pickle.loads(pickle.dumps(encoder)) == encoder
