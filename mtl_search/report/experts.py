"""A network with experts, or stitches, drawn as SVG with what each member takes from each of them.

Columns from left to right: the stages that all members share, then for each level its experts and its gates.
Shared experts stand above the members' own; a link into a gate is as strong as the gate's mean weight.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import final

from mtl_search.analysis.gates import GateLevel
from mtl_search.report.drawings import BLOCK, LEFT, ROW, TOP, Block, Drawing, Gate, Label, Link
from mtl_search.report.features import ENCODER, EXPERTS, NOTHING, Features, pitch_of, with_features
from mtl_search.report.words import short

__all__ = ["draw_experts"]

# pixels: an expert with its gap, an expert, from experts to their gates, from gates to what is next
PITCH, HEIGHT, MIX, NEXT = 20, 14, 40, 18


def draw_experts(
    levels: Sequence[GateLevel],
    n_before: int,
    members: Collection[str],
    served: Collection[str],
    text: str,
    features: Features = NOTHING,
) -> Drawing:
    """The drawing of a network whose members share ``n_before`` stages before the first level."""
    pitch = pitch_of(features)
    left = LEFT + ((pitch - BLOCK) // 2 if features else 0)
    picture = _Picture(_Rows.of(levels, sorted(members)), pitch, left)
    if features:
        picture.add_stage(ENCODER)
    for stage in range(n_before):
        picture.add_stage(f"stage {stage + 1}")
    for at, level in enumerate(levels):
        by_stage = len(levels) > 1 or level.is_stitch  # else an expert is a chain of all stages that are left
        name = f"stage {n_before + at + 1}" if by_stage else EXPERTS
        picture.add_level(level, name, last=at + 1 == len(levels))
    return with_features(picture.drawn(served, text), features)


@final
@dataclass(frozen=True, slots=True)
class _Rows:
    """Where members and experts stand, from top to bottom."""

    members: Mapping[str, float]
    height: float
    shared: float  # of the part for shared experts, all of it if there are no others

    @classmethod
    def of(cls, levels: Sequence[GateLevel], members: Sequence[str]) -> "_Rows":
        shared = PITCH * max(len(level.shared) for level in levels)
        own = {name: PITCH * max(len(level.own(name)) for level in levels) for name in members}
        if not any(own.values()):
            height = max(shared, ROW * len(members))
            each = height / len(members)
            return cls({name: TOP + each * (at + 0.5) for at, name in enumerate(members)}, height, height)
        rows, y = {}, float(TOP + shared)
        for name in members:
            room = max(ROW, own[name])
            rows[name] = y + room / 2
            y += room
        return cls(rows, y - TOP, shared)

    def experts(self, level: GateLevel) -> dict[str, float]:
        """The middle of each expert of a level."""
        shared, found = level.shared, {}
        for at, expert in enumerate(shared):
            found[expert] = TOP + self.shared * (at + 0.5) / len(shared)
        for name, y in self.members.items():
            own = level.own(name)
            found |= {expert: y + PITCH * (at - (len(own) - 1) / 2) for at, expert in enumerate(own)}
        return found


@final
@dataclass(slots=True)
class _Picture:
    """What was drawn so far, up to ``x``."""

    rows: _Rows
    pitch: int
    x: int
    columns: list[tuple[int, str]] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    gates: list[Gate] = field(default_factory=list)
    stage_before: int | None = None  # the right edge of a stage that the next column reads
    mixed_before: int | None = None  # the x of gates that it reads

    def add_stage(self, name: str) -> None:
        """A stage that all members share."""
        middle = TOP + self.rows.height / 2
        if self.stage_before is not None:
            self.links.append(Link(self.stage_before, middle, self.x, middle))
        self.columns.append((self.x + BLOCK // 2, name))
        self.blocks.append(Block(self.x, TOP + 2, self.rows.height - 4, len(self.rows.members) > 1, name))
        self.stage_before = self.x + BLOCK
        self.x += self.pitch

    def add_level(self, level: GateLevel, name: str, *, last: bool) -> None:
        """The experts of a level, and the gates that read them."""
        experts = self.rows.experts(level)
        x, gate_x = self.x, self.x + BLOCK + MIX
        self.columns.append((x + BLOCK // 2, name))
        for expert, y in experts.items():
            owner = level.owner(expert)
            self.blocks.append(Block(x, y - HEIGHT / 2, HEIGHT, owner is None, expert))
            if self.stage_before is not None:
                self.links.append(Link(self.stage_before, y, x, y))
            if self.mixed_before is not None:
                self.links.append(Link(self.mixed_before, self._source(owner), x, y))
        for member, y in self.rows.members.items():
            taken = level.weights.get(member, {})
            self.links += [Link(x + BLOCK, experts[e], gate_x, y, weight) for e, weight in taken.items()]
            self.gates.append(Gate(gate_x, y, f"what {member} goes on with"))
        if level.shared and not last:
            middle = self._source(None)
            self.links += [Link(x + BLOCK, y, gate_x, middle, 0.0) for y in experts.values()]
            self.gates.append(Gate(gate_x, middle, "what shared experts go on with"))
        self.stage_before, self.mixed_before, self.x = None, gate_x, gate_x + NEXT

    def drawn(self, served: Collection[str], text: str) -> Drawing:
        """All of it, with the heads."""
        if self.mixed_before is not None:
            self.links += [Link(self.mixed_before, y, self.x, y) for y in self.rows.members.values()]
        labels = tuple(
            Label(self.x + 10, y, name, short(name, 18), name in served)
            for name, y in self.rows.members.items()
        )
        height = round(TOP + self.rows.height + 6)
        columns, blocks, links = tuple(self.columns), tuple(self.blocks), tuple(self.links)
        spoken = f"a network with experts: {text}"
        return Drawing(height, columns, blocks, links, labels, spoken, tuple(self.gates))

    def _source(self, owner: str | None) -> float:
        """The y of what an expert of a later level reads: its member's gate, or that of the shared ones."""
        return TOP + self.rows.shared / 2 if owner is None else self.rows.members[owner]
