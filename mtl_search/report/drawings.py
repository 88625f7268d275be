"""What a drawing of a network in SVG is made of: the page's template places it."""

from dataclasses import dataclass

__all__ = [
    "BLOCK",
    "LEFT",
    "ROW",
    "STAGE",
    "TOP",
    "Block",
    "Drawing",
    "Gate",
    "Label",
    "Link",
    "Made",
    "Rectangle",
]

ROW, STAGE, BLOCK, LEFT, TOP = 28, 62, 38, 4, 26  # pixels
_LETTER, _HEAD = 8, 14  # pixels: a bold letter, a head before its name


@dataclass(frozen=True, slots=True)
class Block:
    """A copy of a stage, or an expert; ``shared``: by several members."""

    x: int
    y: float
    height: float
    shared: bool
    title: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """From a block or a gate to where its features go; ``strength``: how much of them, at most 1."""

    x: int
    y: float
    to_x: int
    to_y: float
    strength: float = 1.0

    @property
    def path(self) -> str:
        """As an SVG path that leaves and arrives level."""
        middle = (self.x + self.to_x) / 2
        return (
            f"M{self.x} {self.y:g}C{middle:g} {self.y:g} {middle:g} {self.to_y:g} {self.to_x} {self.to_y:g}"
        )

    @property
    def style(self) -> str:
        """Thick and dark as far as it is strong."""
        strength = min(1.0, abs(self.strength))
        return f"stroke-opacity:{0.12 + 0.88 * strength:.2f};stroke-width:{0.8 + 2.4 * strength:.1f}"


@dataclass(frozen=True, slots=True)
class Gate:
    """Where features are mixed, for one member or (``title`` says so) for the shared experts."""

    x: int
    y: float
    title: str


@dataclass(frozen=True, slots=True)
class Label:
    """A member at its head; ``served``: the design uses its output, else it only helps."""

    x: int
    y: float
    name: str
    short: str
    served: bool

    @property
    def end(self) -> int:
        """The x behind it."""
        return self.x + _HEAD + _LETTER * len(self.short)


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A part of a shape."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Made:
    """What a stage makes: a shape of one or several parts, and lines with its sizes at ``x``, from ``y``."""

    x: int
    y: int
    parts: tuple[Rectangle, ...]
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """All that the template places; ``stages`` are the columns' x positions and names."""

    height: int
    stages: tuple[tuple[int, str], ...]
    blocks: tuple[Block, ...]
    links: tuple[Link, ...]
    labels: tuple[Label, ...]
    text: str
    gates: tuple[Gate, ...] = ()
    made: tuple[Made, ...] = ()

    @property
    def width(self) -> int:
        """In pixels, as the height."""
        return max(label.end for label in self.labels)
