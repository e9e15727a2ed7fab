"""The picture of the architecture, drawn from the code: layers from the import contracts, arrows from the imports.

`python docs/_ext/architecture.py` writes it; a test holds the file to the code.
"""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parents[2]
PICTURE = ROOT / "docs" / "pictures" / "architecture.svg"
CORE, PIPELINES, SERVICE = "affluence", "affluence_pipelines", "affluence_service"

# What stands outside, by the package that speaks to it; a door to it is a module that imports the package.
OUTSIDE = {
    "mlflow": "MLflow: runs, models",
    "optuna": "Optuna: tuning",
    "pyspark": "Spark: large tables",
    "opentelemetry": "OpenTelemetry: traces, metrics",
    "kedro": "Kedro: pipelines, catalog",
    "django": "Django: pages, API, database",
}
# What a reader needs to know of a layer, besides its name.
WORDS = {
    "cli": "the verbs for a terminal",
    "terminal": "what a terminal shows, and where things stand",
    "steps": "the one sequence; one door to each outside system",
    "reporting": "report, model card, evidence pack",
    "decision": "cut, reasons, types, segments, campaign",
    "pu": "the finder: learners, cross-fitting, how many are hidden",
    "evaluation": "figures with intervals; stability; fairness",
    "features": "row by row, once fitted",
    "data": "contract, reading, doctor, reference bank",
    "errors": "what a person can mend",
}

MOST_DOORS = 2

WIDTH, MARGIN, GAP = 1_080, 24, 6
BAR, HEAD, FRAME = 40, 58, 8
LEFT, MIDDLE, RIGHT = 24, 340, 824
NARROW, WIDE, LAST = 232, 400, 232
FONT = "font-family='system-ui, sans-serif'"
WORDS_KIND = "font-size='12' fill='#3d4854'"
DOT = "  ·  "
# So many letters of names fit into a layer's box.
FITTING = 42


@dataclass(frozen=True)
class Box:
    """A rectangle with one line of its name and perhaps one of what it is, or two lines of several names."""

    x: int
    y: int
    width: int
    height: int
    name: str
    words: str = ""
    fill: str = "#ffffff"
    names_go_on: bool = False

    @property
    def middle(self) -> int:
        """The height of its middle."""
        return self.y + self.height // 2

    def drawn(self) -> str:
        """The rectangle with its words, as SVG."""
        first = self.middle + (5 if not self.words else -3)
        lines = [
            (
                f"<rect x='{self.x}' y='{self.y}' width='{self.width}' height='{self.height}' rx='5' "
                f"fill='{self.fill}' stroke='#5b6572'/>"
            ),
            (
                f"<text x='{self.x + 12}' y='{first}' font-size='14' font-weight='600' fill='#16202c' {FONT}>"
                f"{escape(self.name)}</text>"
            ),
        ]
        if self.words:
            kind = "font-size='14' font-weight='600' fill='#16202c'" if self.names_go_on else WORDS_KIND
            lines.append(f"<text x='{self.x + 12}' y='{first + 16}' {kind} {FONT}>{escape(self.words)}</text>")
        return "\n".join(lines)


def draw() -> str:
    """The picture as SVG: pipelines and service at the sides, the core's layers between them, the outside below."""
    graph = grimp.build_graph(CORE, PIPELINES, SERVICE, include_external_packages=True)
    layers = [tuple(layer.split(" | ")) for layer in layers_of(CORE)]
    core = [_layer(layer, y=HEAD + place * (BAR + GAP)) for place, layer in enumerate(layers)]
    pipelines = [
        Box(LEFT, HEAD + place * (BAR + GAP), NARROW, BAR, name, fill="#eef3e4")
        for place, name in enumerate(_children(graph, f"{PIPELINES}.pipelines"))
    ]
    rooms = [room for room in _rooms() if graph.find_children(f"{SERVICE}.{room}")]
    service = [
        Box(RIGHT, HEAD + place * (BAR + GAP), LAST, BAR, room, fill="#f7ede0") for place, room in enumerate(rooms)
    ]
    bottom = max(box.y + box.height for box in [*core, *pipelines, *service]) + 64
    outside = _outside(graph, bottom)
    sides = [_frame(LEFT, NARROW, bottom - 64), _frame(RIGHT, LAST, bottom - 64)]
    arrows = [*_arrows(graph, PIPELINES, layers, core, from_left=True), *_arrows(graph, SERVICE, layers, core)]
    heads = [
        _heading(LEFT, "Kedro project", PIPELINES),
        _heading(MIDDLE, "Core", CORE),
        _heading(RIGHT, "Service", SERVICE),
        _heading(LEFT, "Outside, and the only modules that import it", "", y=bottom - 12),
    ]
    height = max(box.y + box.height for box in outside) + MARGIN
    return _svg(height, [*sides, *arrows, *(box.drawn() for box in [*core, *pipelines, *service, *outside]), *heads])


def layers_of(container: str) -> Sequence[str]:
    """The layers of a package from the rim inward, as the import contract names them."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = (contract["layers"] for contract in contracts if contract.get("containers") == [container])
    return tuple(layers)


def _rooms() -> Iterable[str]:
    for layer in layers_of(SERVICE):
        yield from layer.split(" | ")


def _children(graph: grimp.ImportGraph, package: str) -> list[str]:
    return sorted(child.rsplit(".", 1)[1] for child in graph.find_children(package))


def _layer(layer: tuple[str, ...], *, y: int) -> Box:
    """The box of a layer; names that are too long for a line go on in a second, in place of words."""
    box = Box(MIDDLE, y, WIDE, BAR, DOT.join(layer), _words(layer), "#e3edf7")
    if len(box.name) <= FITTING or box.words:
        return box
    first = max(place for place in range(1, len(layer)) if len(DOT.join(layer[:place])) <= FITTING)
    return replace(box, name=DOT.join(layer[:first]) + "  ·", words=DOT.join(layer[first:]), names_go_on=True)


def _words(layer: tuple[str, ...]) -> str:
    return next((WORDS[name] for name in layer if name in WORDS), "")


def _doors(graph: grimp.ImportGraph, package: str) -> list[str]:
    """The modules that import an outside package themselves; where they are many, their packages or `stem*`."""
    importers = graph.find_modules_that_directly_import(package) if package in graph.modules else set()
    doors = sorted({".".join(module.split(".")[:3]) for module in importers})
    if len(doors) <= MOST_DOORS:
        return doors
    return sorted({_family(door, doors) if door.startswith(f"{CORE}.") else door.split(".")[0] for door in doors})


def _family(door: str, doors: Sequence[str]) -> str:
    """The module, or the beginning that it shares with others."""
    stem = door.split("_")[0]
    return f"{stem}*" if sum(other.split("_")[0] == stem for other in doors) > 1 else door


def _outside(graph: grimp.ImportGraph, top: int) -> list[Box]:
    boxes, width = [], (WIDTH - 2 * MARGIN - 2 * GAP) // 3
    for place, (package, name) in enumerate(OUTSIDE.items()):
        doors = [door.removeprefix("affluence.") for door in _doors(graph, package)]
        x, y = MARGIN + (place % 3) * (width + GAP), top + (place // 3) * (BAR + GAP)
        boxes.append(Box(x, y, width, BAR, name, ", ".join(doors) or "no module yet", "#f2f2f2"))
    return boxes


def _arrows(
    graph: grimp.ImportGraph,
    package: str,
    layers: Sequence[tuple[str, ...]],
    core: Sequence[Box],
    *,
    from_left: bool = False,
) -> list[str]:
    """A line from a side to each layer of the core that the side imports."""
    imported = {
        target.split(".")[1]
        for module in graph.find_descendants(package) | {package}
        for target in graph.find_modules_directly_imported_by(module)
        if target.startswith(f"{CORE}.")
    }
    start, end = (LEFT + NARROW + FRAME, MIDDLE - FRAME) if from_left else (RIGHT - FRAME, MIDDLE + WIDE + FRAME)
    return [
        f"<path d='M{start} {box.middle} H{end}' stroke='#5b6572' fill='none' marker-end='url(#head)'/>"
        for layer, box in zip(layers, core, strict=True)
        if imported & set(layer)
    ]


def _frame(x: int, width: int, bottom: int) -> str:
    """The outline of a side, from which its arrows go."""
    return (
        f"<rect x='{x - FRAME}' y='{HEAD - FRAME}' width='{width + 2 * FRAME}' height='{bottom - HEAD + 2 * FRAME}' "
        "rx='7' fill='none' stroke='#a9b2bc'/>"
    )


def _heading(x: int, words: str, package: str, *, y: int = 42) -> str:
    code = f" <tspan font-weight='400' font-family='monospace' font-size='12'>{package}</tspan>" if package else ""
    return f"<text x='{x}' y='{y}' font-size='15' font-weight='700' fill='#16202c' {FONT}>{escape(words)}{code}</text>"


def _svg(height: int, parts: Iterable[str]) -> str:
    body = "\n".join(parts)
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height}' role='img' "
        "aria-label='The packages of Affluence and who imports whom'>\n"
        "<defs><marker id='head' viewBox='0 0 8 8' refX='6' refY='4' markerWidth='7' markerHeight='7' orient='auto'>"
        "<path d='M0 0 L8 4 L0 8 z' fill='#5b6572'/></marker></defs>\n"
        f"<rect width='{WIDTH}' height='{height}' fill='#ffffff'/>\n{body}\n</svg>\n"
    )


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
