"""The plot of docs/benchmarks.md: a bar for each server, and a line for the middle half of its rounds."""

from collections.abc import Iterator, Sequence
from html import escape

from contenders import BARE
from sockets import Row

_LEFT, _SCALE, _STEP, _BAR = 300, 420, 26, 16
_OURS, _OTHERS, _BARE_COLOR = "#eb5424", "#8d99ae", "#2b2d42"


def plot(rows: Sequence[Row]) -> str:
    """Return the throughput of each server as a ratio to the bare app, as SVG."""
    longest = max(row.middle_half("per_second")[1] for row in rows)
    scale = _SCALE / longest
    width, height = _LEFT + _SCALE + 60, _STEP * len(rows) + 50
    size = f'width="{width}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="13">',
        f'<rect {size} fill="#ffffff"/>',
        f'<text x="{_LEFT}" y="20">Throughput, FastAPI without authentication = 1</text>',
        f'<line x1="{_LEFT + scale:.1f}" x2="{_LEFT + scale:.1f}" y1="30" y2="{height - 10}" stroke="#cccccc"/>',
    ]
    for number, row in enumerate(rows):
        parts.extend(_bar(row, 34 + _STEP * number, scale))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _bar(row: Row, top: int, scale: float) -> Iterator[str]:
    name, ratio, (low, high) = row.contender.name, row.ratio("per_second"), row.middle_half("per_second")
    color = _BARE_COLOR if row.contender is BARE else _OURS if "auth0_sso" in name else _OTHERS
    middle, end = top + _BAR / 2, _LEFT + scale * high
    yield f'<text x="{_LEFT - 8}" y="{middle + 4}" text-anchor="end">{escape(name)}</text>'
    yield f'<rect x="{_LEFT}" y="{top}" width="{scale * ratio:.1f}" height="{_BAR}" fill="{color}"/>'
    if row.contender is not BARE:
        start = _LEFT + scale * low
        yield f'<line x1="{start:.1f}" x2="{end:.1f}" y1="{middle}" y2="{middle}" stroke="#000000"/>'
    yield f'<text x="{end + 6:.1f}" y="{middle + 4}">{ratio:.2f}</text>'
