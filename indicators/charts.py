"""Small bar charts, drawn on the server: shapes and their places, for a template."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from indicators.figure_tables import FigureLine, FigureTable

WIDTH, HEIGHT, BASE, TOP = 360, 150, 130, 16
SIDE_HEIGHT, SIDE_WIDTH = 34, 300
RECEIVED, TAKEN = 0, 2  # places in the figures of a line
MAX_SIDE_BARS = 8
SHORT_MONTHS = {
    "janvier": "janv.", "février": "févr.", "avril": "avr.", "juillet": "juil.",
    "septembre": "sept.", "octobre": "oct.", "novembre": "nov.", "décembre": "déc.",
}  # fmt: skip


@dataclass(frozen=True)
class Bar:
    """A rectangle, its number (``text``) and its label; without size when the number is hidden."""

    x: float
    y: float
    width: float
    height: float
    text: str
    label: str = ""
    is_second: bool = False

    @property
    def middle(self) -> float:
        """x of the middle, where the number and the label are centred."""
        return self.x + self.width / 2

    @property
    def right(self) -> float:
        """x of the right side: the label of two bars side by side is centred there."""
        return self.x + self.width

    @property
    def end(self) -> float:
        """x of a text written to the right of the bar."""
        return self.right + 4

    @property
    def base(self) -> float:
        """y of the baseline of a text written to the right of the bar."""
        return self.y + self.height - 2

    @property
    def text_y(self) -> float:
        """y of the baseline of the number, above the bar."""
        return self.y - 3


@dataclass(frozen=True)
class Chart:
    """Bars, and the size of their drawing."""

    width: int
    height: int
    bars: tuple[Bar, ...]

    @property
    def is_dense(self) -> bool:
        """True when the bars are so many that their texts are small."""
        return len(self.bars) > 8

    @property
    def has_bars(self) -> bool:
        """False when there is nothing to draw: all numbers are 0 or hidden."""
        return any(bar.width and bar.height for bar in self.bars)


def columns(table: FigureTable) -> Chart:
    """Chart of the needs received and taken in each part of the year, side by side."""
    most = _largest(table.lines, (RECEIVED, TAKEN))
    step = WIDTH / max(len(table.lines), 1)
    width = min(step * 0.4, 40)
    bars = []
    for place, line in enumerate(table.lines):
        left = place * step + step / 2 - width
        for second, number in enumerate((RECEIVED, TAKEN)):
            figure = line.figures[number]
            height = (BASE - TOP) * (figure.count or 0) / most
            bars.append(
                Bar(
                    x=round(left + second * width, 1),
                    y=round(BASE - height, 1),
                    width=round(width - 1, 1),
                    height=round(height, 1),
                    text=figure.text,
                    label=_short(line.label),
                    is_second=bool(second),
                )
            )
    return Chart(WIDTH, HEIGHT, tuple(bars))


def side_bars(table: FigureTable) -> Chart:
    """Chart of the needs received in the first categories, one bar under the other."""
    lines = [line for line in table.lines if line.received.count][:MAX_SIDE_BARS]
    most = _largest(lines, (RECEIVED,))
    bars = tuple(
        Bar(
            x=0,
            y=place * SIDE_HEIGHT + 16,
            width=round(SIDE_WIDTH * (line.received.count or 0) / most, 1),
            height=12,
            text=line.received.text,
            label=line.label,
        )
        for place, line in enumerate(lines)
    )
    return Chart(WIDTH, SIDE_HEIGHT * len(lines), bars)


def _short(label: str) -> str:
    """« 2e trim. » of « 2e trimestre 2026 », « mars » of « Mars 2026 », « oct. » of « Octobre 2026 »."""
    name = label.rpartition(" ")[0].lower()
    return SHORT_MONTHS.get(name, name.replace("trimestre", "trim."))


def _largest(lines: Iterable[FigureLine], numbers: Sequence[int]) -> int:
    """The largest of these figures of all lines, 1 at least."""
    counts = [line.figures[number].count or 0 for line in lines for number in numbers]
    return max([*counts, 1])
