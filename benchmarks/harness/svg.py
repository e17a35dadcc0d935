"""Plots as SVG, readable on light and dark pages, without anything that must be installed."""

from html import escape
from math import log10

#: Colours by class, for light pages and for dark ones.
STYLE = """<style>
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-size: 16px; font-weight: 600 }
.small { font-size: 11px; fill: #57606a }
.axis { stroke: #8c959f; fill: none }
.grid { stroke: #d0d7de; fill: none }
.one { stroke: #24292f; stroke-dasharray: 4 3; fill: none }
.spread { stroke: #24292f; stroke-width: 1.5; fill: none }
.a { fill: #1f6feb } .b { fill: #bf8700 }
.line-a { stroke: #1f6feb; stroke-width: 2; fill: none }
.line-b { stroke: #bf8700; stroke-width: 2; fill: none }
.band-a { fill: #1f6feb; opacity: .18 } .band-b { fill: #bf8700; opacity: .18 }
.page { fill: #ffffff }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .small { fill: #9198a1 } .page { fill: #0d1117 }
  .axis { stroke: #656c76 } .grid { stroke: #30363d } .one, .spread { stroke: #e6edf3 }
  .a { fill: #4493f8 } .b { fill: #d29922 }
  .line-a { stroke: #4493f8 } .line-b { stroke: #d29922 }
  .band-a { fill: #4493f8 } .band-b { fill: #d29922 }
}
</style>"""


class Drawing:
    """Collects shapes; `text` is the file."""

    def __init__(self, width: int, height: int, title: str) -> None:
        self.width, self.height = width, height
        self._shapes = [f'<rect class="page" width="{width}" height="{height}"/>']
        self.words(16, 26, title, "title")

    def words(self, x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> None:
        self._shapes.append(f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" '
                            f'text-anchor="{anchor}">{escape(text)}</text>')

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str) -> None:
        self._shapes.append(
            f'<path class="{kind}" d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"/>')

    def path(self, points: list[tuple[float, float]], kind: str, *, closed: bool = False) -> None:
        steps = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        self._shapes.append(f'<path class="{kind}" d="M{steps}{"Z" if closed else ""}"/>')

    def box(self, x: float, y: float, width: float, height: float, kind: str) -> None:
        self._shapes.append(f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" '
                            f'width="{max(width, 0):.1f}" height="{height:.1f}"/>')

    @property
    def text(self) -> str:
        return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}"'
                f' width="{self.width}" height="{self.height}" role="img">\n{STYLE}\n'
                + "\n".join(self._shapes) + "\n</svg>\n")


class LogScale:
    """From values to places, by powers of ten; ticks at 1, 2 and 5 of each."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self._low, self._high = log10(low), log10(high)
        self._start, self._end = start, end
        if self._high - self._low < 0.3:
            self._low, self._high = self._low - 0.15, self._high + 0.15

    def __call__(self, value: float) -> float:
        share = (log10(value) - self._low) / (self._high - self._low)
        return self._start + min(1, max(0, share)) * (self._end - self._start)

    def ticks(self) -> list[float]:
        steps = (1, 2, 5) if self._high - self._low < 3 else (1,)
        first = int(self._low // 1)
        return [step * 10.0 ** power for power in range(first, int(self._high // 1) + 2)
                for step in steps
                if self._low - 1e-9 <= log10(step * 10.0 ** power) <= self._high + 1e-9]


class LinearScale:
    """From values to places, from nought."""

    def __init__(self, high: float, start: float, end: float) -> None:
        self._high, self._start, self._end = high, start, end

    def __call__(self, value: float) -> float:
        return self._start + value / self._high * (self._end - self._start)

    def ticks(self) -> list[float]:
        step = 10.0 ** int(log10(self._high))
        while self._high / step > 8:
            step *= 2
        while self._high / step < 4:
            step /= 2
        return [step * k for k in range(int(self._high / step) + 1)]
