"""The family as a map: a box for each person, lines for what agencies state, broken lines for what addresses suggest.

Geometry only, in user units of one SVG. Graphviz finds the places (dot.py) from sizes alone; names are put in here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from wholechild.pages.dot import NotDrawn
from wholechild.pages.family_words import NO_NAME, map_words
from wholechild.pages.timeline_drawing import shortened
from wholechild.people.families.around import Basis, Elsewhere, FamilyAround, Relative, Standing

#: More people than this are a list only: a map of them could not be read.
MOST_DRAWN: Final = 80
BOX: Final = 196.0
LINE: Final = 18.0
PAD: Final = 12.0
MARGIN: Final = 12.0
_POINTS: Final = 72.0


@dataclass(frozen=True, slots=True)
class Box:
    """One person. `kind` is `child`, `now`, `before`, `differ`, `family`, `unsaid` or `elsewhere`; the words say it too."""

    kind: str
    name: tuple[str, ...]
    words: tuple[str, ...]
    x: float = 0.0
    y: float = 0.0

    @property
    def width(self) -> float:
        return BOX

    @property
    def height(self) -> float:
        return LINE * (len(self.name) + len(self.words)) + PAD

    @property
    def lines(self) -> tuple[tuple[str, float, bool], ...]:
        """(text, y, whether it is the name) from the top of the box."""
        texts = [(text, True) for text in self.name] + [(text, False) for text in self.words]
        return tuple(
            (text, self.y + PAD / 2 + LINE * (n + 0.75), is_name) for n, (text, is_name) in enumerate(texts)
        )


@dataclass(frozen=True, slots=True)
class Edge:
    """From the upper to the lower of two boxes, by their numbers. `level`: they stand beside each other."""

    one: int
    other: int
    inferred: bool = False
    level: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A curve as the path of an SVG."""

    path: str
    inferred: bool


@dataclass(frozen=True, slots=True)
class FamilyDrawing:
    """A whole map. `broken` tells whether the legend has to explain broken lines."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    description: str

    @property
    def broken(self) -> bool:
        return any(line.inferred for line in self.lines)


def draw_family(found: FamilyAround, layout: Callable[[str], str]) -> FamilyDrawing:
    """The map of a family. `layout` gives Graphviz's `plain` form for a graph in its language.

    Errors   NotDrawn, with the reason in words fit to show: nobody to draw, too many, or no layout.
    """
    boxes, edges = _graph(found)
    if len(boxes) < 2:
        raise NotDrawn("There is nobody to draw beside the child.")
    if len(boxes) > MOST_DRAWN:
        raise NotDrawn(
            f"A map of more than {MOST_DRAWN} people could not be read, so there is only the list."
        )
    return _placed(boxes, edges, layout(dot_source(boxes, edges)))


# -- who stands where --------------------------------------------------------------------------------------------------


def _graph(found: FamilyAround) -> tuple[list[Box], list[Edge]]:
    numbers = {found.child: 0}
    boxes = [Box("child", _name(found.name), ("The child",))]
    edges: list[Edge] = []
    for one in found.people:
        numbers[one.person] = len(boxes)
        boxes.append(
            Box(_kind(one), _name(one.name), tuple(shortened(text, BOX - PAD) for text in map_words(one)))
        )
    for one in found.people:
        edges += _edges(one, numbers, found)
    for one in found.people:
        for other in one.elsewhere:
            if other.person not in numbers:
                numbers[other.person] = len(boxes)
                boxes.append(Box("elsewhere", _name(other.name), ("Another child",)))
            edges.append(Edge(numbers[one.person], numbers[other.person], _is_inferred(other)))
    return boxes, edges


def _kind(one: Relative) -> str:
    if one.cares:
        return {Standing.NOW: "now", Standing.BEFORE: "before", Standing.DIFFER: "differ"}[one.cares]
    return "family" if one.bonds else "unsaid"


def _edges(one: Relative, numbers: Mapping[str, int], found: FamilyAround) -> Iterator[Edge]:
    """Carers stand above, brothers and sisters beside or under their own carers, everybody else below."""
    number = numbers[one.person]
    inferred = not one.bonds and all(home.basis is Basis.INFERRED for home in one.homes)
    if one.cares:
        yield Edge(number, 0)
        yield from (Edge(number, numbers[other]) for other in one.also_cares_for)
    elif not (
        one.is_sibling and any(one.person in adult.also_cares_for for adult in found.people if adult.cares)
    ):
        yield Edge(0, number, inferred, level=one.is_sibling)


def _is_inferred(other: Elsewhere) -> bool:
    return not other.bonds and all(home.basis is Basis.INFERRED for home in other.homes)


def _name(name: str) -> tuple[str, ...]:
    """A name in one line, or two where it is long."""
    words, lines = (name or NO_NAME).split(), [""]
    for word in words:
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and shortened(longer, BOX - PAD) != longer:
            lines.append(word)
        else:
            lines[-1] = longer
    kept = [*lines[:1], " ".join(lines[1:])] if len(lines) > 1 else lines
    return tuple(shortened(line, BOX - PAD) for line in kept)


# -- the language of the layout ------------------------------------------------------------------------------------------


def dot_source(boxes: Sequence[Box], edges: Sequence[Edge]) -> str:
    """The graph with numbers for names: what is handed on says how large the boxes are and which belong together."""
    nodes = (f"{n} [height={box.height / _POINTS:.3f}];" for n, box in enumerate(boxes))
    lines = (f"{edge.one} -> {edge.other};" for edge in edges)
    level = (f"{{rank=same; {edge.one}; {edge.other};}}" for edge in edges if edge.level)
    return "\n".join([
        "digraph {", "ranksep=0.55; nodesep=0.3; edge [arrowhead=none];", f'node [shape=box, fixedsize=true, label="", width={BOX / _POINTS:.3f}];',
        *nodes, *lines, *level, "}",
    ])  # fmt: skip


def _placed(boxes: Sequence[Box], edges: Sequence[Edge], plain: str) -> FamilyDrawing:
    try:
        rows = [line.split() for line in plain.splitlines()]
        width, height = (
            float(value) * _POINTS for value in next(row for row in rows if row[0] == "graph")[2:4]
        )
        at = {int(row[1]): _point(row[2], row[3], height) for row in rows if row[0] == "node"}
        curves = {(int(row[1]), int(row[2])): _curve(row, height) for row in rows if row[0] == "edge"}
        placed = [
            Box(
                box.kind,
                box.name,
                box.words,
                round(at[n][0] - BOX / 2, 1),
                round(at[n][1] - box.height / 2, 1),
            )
            for n, box in enumerate(boxes)
        ]
        lines = [Line(curves[edge.one, edge.other], edge.inferred) for edge in edges]
    except (StopIteration, LookupError, ValueError):
        raise NotDrawn("The map could not be drawn this time.") from None
    return FamilyDrawing(
        round(width + 2 * MARGIN, 1),
        round(height + 2 * MARGIN, 1),
        tuple(placed),
        tuple(lines),
        describe_map(placed),
    )


def _point(x: str, y: str, height: float) -> tuple[float, float]:
    """From inches that grow upwards to units that grow downwards."""
    return float(x) * _POINTS + MARGIN, height - float(y) * _POINTS + MARGIN


def _curve(row: Sequence[str], height: float) -> str:
    number = int(row[3])
    points = [_point(row[4 + 2 * n], row[5 + 2 * n], height) for n in range(number)]
    first, *others = (f"{x:.1f} {y:.1f}" for x, y in points)
    return f"M{first}C{' '.join(others)}"


def describe_map(boxes: Iterable[Box]) -> str:
    """What is drawn, counted, for who does not see it; the list has every word of it."""
    kinds = [box.kind for box in boxes]
    counted = (
        (kinds.count("now"), "parent or carer now", "parents and carers now"),
        (
            kinds.count("differ"),
            "of whom agencies say different things",
            "of whom agencies say different things",
        ),
        (kinds.count("before"), "parent or carer before", "parents and carers before"),
        (kinds.count("family"), "other relative or person", "other relatives and people"),
        (
            kinds.count("unsaid"),
            "of whom nobody has said who they are",
            "of whom nobody has said who they are",
        ),
        (kinds.count("elsewhere"), "child of another family", "children of other families"),
    )
    said = [f"{number} {one if number == 1 else several}" for number, one, several in counted if number]
    return f"Around the child: {', '.join(said)}. The list says the same, with who says so."
