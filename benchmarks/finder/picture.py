"""The picture of the benchmark: what share of the findable each way finds, ours beside the others, as an SVG.

python -m benchmarks.finder.picture

Draws docs/pictures/benchmark.svg from results.json, half of the affluent hidden. It is plain SVG, readable on a light
and on a dark page, and every mark says in its title what it stands for.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from benchmarks.finder.data import ROOT
from benchmarks.finder.measured import Figure, Measured, comparable, tables_of
from benchmarks.finder.mechanisms import MECHANISMS, UNASKED
from benchmarks.finder.results import Results

HERE = Path(__file__).parent
PICTURE = ROOT / "docs" / "pictures" / "benchmark.svg"
SHARE = 0.5
NAMES = {"adult": "Adult, real people", "bank": "A made bank, SIMULATED"}
ROWS = {
    "SCAR": "at random",
    "SAR": "selective",
    "RULE": "by rule",
    "ANY": "one driver stands out",
    "AND": "two stand out at once",
    "NOISY10": "selective, 10 % wrong",
    "NOISY35": "selective, 35 % wrong",
    "ODD": "odd rule",
    "BANDS": "bands",
    "OWN": "the bank's own tag",
}
WITHOUT, WITH = "drivers", "drivers, 100 reviewed"

# Pixels. Labels stand left of both panels; each panel ends in a column of figures.
WIDTH, LABELS, PANEL, FIGURES, GAP = 920, 190, 248, 100, 14
TOP, LINE, BOTTOM = 148, 34, 58
RADIUS, DIAMOND = 4.0, 7.5
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
# The house's colours, light and dark, with the shape that goes with each: a ring is not ours, a diamond is.
STYLE = """
  text { font: 14px "Segoe UI", -apple-system, system-ui, Roboto, "Noto Sans", "Helvetica Neue", Arial, sans-serif;
    fill: var(--ink); }
  .page { fill: var(--bg); }
  .title { font-size: 18px; font-weight: 600; }
  .panel { font-size: 15px; font-weight: 600; }
  .small { font-size: 13px; fill: var(--ink-2); }
  .figure { font-size: 13px; font-variant-numeric: tabular-nums; fill: var(--ink-2); }
  .ours { font-weight: 600; fill: var(--ink); }
  .grid { stroke: var(--grid); }
  .oracle { stroke: var(--ink); stroke-width: 1.5; }
  .row { stroke: var(--line); }
  .other { fill: none; stroke: var(--normal); stroke-width: 1.25; }
  .best { fill: var(--ink-3); stroke: var(--bg); stroke-width: 1; }
  .gain { stroke: var(--candidate-soft); stroke-width: 7; }
  .loss { stroke: var(--normal-soft); stroke-width: 7; }
  .error { stroke: var(--candidate); stroke-width: 1.5; }
  .without { fill: var(--candidate); stroke: var(--bg); stroke-width: 1; }
  .with { fill: var(--bg); stroke: var(--candidate); stroke-width: 2; }
  svg { --bg: #ffffff; --ink: #14202b; --ink-2: #414e5b; --ink-3: #586471; --grid: #e6eaed; --line: #dce1e5;
    --normal: #808b97; --normal-soft: #e3e7ea; --candidate: #c4560a; --candidate-soft: #fbe3d0; }
  @media (prefers-color-scheme: dark) {
    svg { --bg: #11171c; --ink: #e9eef2; --ink-2: #b9c4ce; --ink-3: #98a6b2; --grid: #26313a; --line: #2b3640;
      --normal: #84919d; --normal-soft: #2c363f; --candidate: #f39650; --candidate-soft: #4a2c14; }
  }
"""


@dataclass(frozen=True)
class Panel:
    """One table's part of the picture: its left edge, its title, and what was measured by mechanism."""

    left: float
    title: str
    rows: dict[str, Measured]

    def place(self, share: float) -> float:
        """Where a share of the oracle's stands; one above 1 stands at 1."""
        return self.left + PANEL * min(share, 1.0)


def draw(results: Results) -> str:
    """The picture of all tables of the benchmark's own size that the results hold."""
    panels = list(_panels(comparable(results)))
    mechanisms = [name for name in ROWS if any(name in panel.rows for panel in panels)]
    height = TOP + LINE * len(mechanisms) + BOTTOM
    body = [*_words(len(mechanisms), height), *_legend()]
    for panel in panels:
        body += [*_frame(panel, len(mechanisms))]
        for line, name in enumerate(mechanisms):
            body += _marks(panel, name, TOP + LINE * (line + 0.5))
    body += [_text(20, TOP + LINE * (line + 0.5) + 5, ROWS[name]) for line, name in enumerate(mechanisms)]
    return "\n".join([*_opening(height), *(f"  {part}" for part in body), "</svg>", ""])


def _panels(results: Results) -> Iterator[Panel]:
    left = float(LABELS)
    for data, rows in tables_of(results):
        measured = {
            name: Measured.of(results, data=data, rows=rows, mechanism=name, share=None if name in UNASKED else SHARE)
            for name in MECHANISMS
            if name in ROWS
        }
        yield Panel(left, NAMES.get(data, data), {name: found for name, found in measured.items() if found.runs})
        left += PANEL + FIGURES + GAP


def _opening(height: float) -> list[str]:
    says = "Share of the findable hidden affluent that each way finds, by how the tags were given"
    size = f'viewBox="0 0 {WIDTH} {height:g}" width="{WIDTH}" height="{height:g}"'
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{says}">',
        f"  <style>{STYLE}  </style>",
        f'  <rect class="page" width="{WIDTH}" height="{height:g}" rx="6"/>',
    ]


def _words(lines: int, height: float) -> list[str]:
    axis = TOP + LINE * lines
    middle = LABELS + (2 * PANEL + FIGURES + GAP) / 2
    return [
        _text(20, 34, "Hidden affluent found, as a share of what could be found", "title"),
        _text(20, TOP - 14, "How tags were given", "small"),
        _text(middle, height - 14, "recall at k over the oracle's, k = as many as are hidden", "small", "middle"),
        *(f'<line class="row" x1="20" x2="{WIDTH - 20}" y1="{y:g}" y2="{y:g}"/>' for y in (TOP, axis)),
    ]


def _legend() -> list[str]:
    y = 66.0
    return [
        _ring(26, y, "other"),
        _text(37, y + 5, "another way", "small"),
        _ring(146, y, "best"),
        _text(157, y + 5, "the best of them", "small"),
        _diamond(290, y, "without"),
        _text(303, y + 5, "finder, tag drivers declared", "small"),
        _diamond(512, y, "with"),
        _text(525, y + 5, "and 100 customers checked by hand", "small"),
        f'<line class="oracle" x1="786" x2="786" y1="{y - 8:g}" y2="{y + 8:g}"/>',
        _text(795, y + 5, "the oracle", "small"),
    ]


def _frame(panel: Panel, lines: int) -> Iterator[str]:
    bottom = TOP + LINE * lines
    yield _text(panel.left, TOP - 38, panel.title, "panel")
    yield _text(panel.left + PANEL + FIGURES, TOP - 14, "best → finder", "small", "end")
    for tick in TICKS:
        kind = "oracle" if tick == 1 else "grid"
        x = panel.place(tick)
        yield f'<line class="{kind}" x1="{x:g}" x2="{x:g}" y1="{TOP}" y2="{bottom}"/>'
        yield _text(x, bottom + 18, f"{tick:g}", "small", "middle")


def _marks(panel: Panel, mechanism: str, y: float) -> Iterator[str]:
    """The others as rings, the best of them filled, ours as diamonds over the way from that to ours."""
    measured = panel.rows.get(mechanism, Measured(()))
    best = measured.best_other("recall_at_k")
    if best is None:
        return
    ours = [measured.ours(told, "recall_at_k") for told in (WITHOUT, WITH)]
    first = ours[0]
    if first is not None:
        x1, x2 = panel.place(best.mean), panel.place(first.mean)
        yield f'<line class="{"gain" if x2 > x1 else "loss"}" x1="{x1:g}" x2="{x2:g}" y1="{y:g}" y2="{y:g}"/>'
        written = f'{best.mean:.2f} → <tspan class="ours">{first.mean:.2f}</tspan>'
        yield _text(panel.left + PANEL + FIGURES, y + 5, written, "figure", "end", raw=True)
    for other in measured.others("recall_at_k"):
        kind = "best" if other == best else "other"
        yield _ring(panel.place(other.mean), y, kind, _said(panel, mechanism, other))
    for figure, kind in zip(reversed(ours), ("with", "without"), strict=True):
        if figure is not None:
            yield _error(panel, figure, y)
            yield _diamond(panel.place(figure.mean), y, kind, _said(panel, mechanism, figure))


def _said(panel: Panel, mechanism: str, figure: Figure) -> str:
    return f"{panel.title} | {mechanism} | {figure.method} | {figure}"


def _error(panel: Panel, figure: Figure, y: float) -> str:
    """A line one standard error to either side."""
    reach = figure.error or 0.0
    low, high = (panel.place(figure.mean + side * reach) for side in (-1, 1))
    return f'<line class="error" x1="{low:.1f}" x2="{high:.1f}" y1="{y:g}" y2="{y:g}"/>'


def _ring(x: float, y: float, kind: str, says: str = "") -> str:
    radius = RADIUS + (kind == "best")
    return f'<circle class="{kind}" cx="{x:.1f}" cy="{y:g}" r="{radius:g}">{_title(says)}</circle>'


def _diamond(x: float, y: float, kind: str, says: str = "") -> str:
    corners = ((x, y - DIAMOND), (x + DIAMOND, y), (x, y + DIAMOND), (x - DIAMOND, y))
    points = " ".join(f"{across:.1f},{down:.1f}" for across, down in corners)
    return f'<polygon class="{kind}" points="{points}">{_title(says)}</polygon>'


def _title(says: str) -> str:
    return f"<title>{escape(says)}</title>" if says else ""


def _text(x: float, y: float, words: str, kind: str = "", anchor: str = "start", *, raw: bool = False) -> str:
    written = words if raw else escape(words)
    named = f' class="{kind}"' if kind else ""
    placed = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{x:g}" y="{y:g}"{named}{placed}>{written}</text>'


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw the picture from the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.finder.picture", description=__doc__)
    parser.add_argument("--results", type=Path, default=HERE / "results.json")
    parser.add_argument("--out", type=Path, default=PICTURE)
    chosen = parser.parse_args(arguments)
    chosen.out.write_text(draw(Results.read(chosen.results)), encoding="utf-8")
    print(f"{chosen.out} is drawn.")


if __name__ == "__main__":
    main()
