"""The PDF's building blocks: paragraphs, tables, figures, in the report's style."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from demo.report.content import Exhibit, Report
from demo.report.figure import Figure
from demo.report.fonts import BOLD, MONO, SANS, markup
from provenance.fact import Fact

if TYPE_CHECKING:
    from reportlab.lib.styles import ParagraphStyle

    Styles = dict[str, ParagraphStyle]

PAGE = 595.28, 841.89  # points: A4
MARGIN = 51.0  # points, 18 mm
WIDTH = PAGE[0] - 2 * MARGIN
GAP = 12.0  # points between columns
TONES = {"alert": "#b3105a", "calm": "#0d6a58", "plain": "#44525e", "unsure": "#845600"}
INK, MUTED, LINE, WELL, GREY = "#15202b", "#55636f", "#d5dce2", "#f2f5f7", "#8796a3"
EXHIBIT_WIDE, EXHIBIT_TALL = 235.0, 178.0  # points: three share a page, text beside the picture
CHART_TALL = 165.0  # points, under a picture
LONE_CHART_TALL = 290.0  # points, where there is no picture
SCALE = 0.2  # charts flatter than this are colour scales
BARE = [
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("RIGHTPADDING", (0, 0), (-1, -1), 0),
    ("TOPPADDING", (0, 0), (-1, -1), 1),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
]


def styles(tone: str) -> Styles:
    """The paragraph styles of a report, by name."""
    from reportlab.lib.styles import ParagraphStyle

    def style(name: str, size: float, **options: Any) -> ParagraphStyle:
        return ParagraphStyle(
            name,
            **{"fontName": SANS, "fontSize": size, "leading": size * 1.42, "textColor": INK}
            | options,
        )

    return {
        "title": style("title", 17, fontName=BOLD, leading=22),
        "claim": style("claim", 15, fontName=BOLD, leading=19, textColor=TONES[tone]),
        "share": style("share", 15, fontName=BOLD, leading=19, textColor=TONES[tone], alignment=2),
        "chapter": style("chapter", 12.5, fontName=BOLD, spaceBefore=18, spaceAfter=6),
        "heading": style("heading", 9.8, fontName=BOLD, spaceBefore=11, spaceAfter=3),
        "body": style("body", 8.8, spaceAfter=3),
        "item": style("item", 8.8, spaceAfter=3, leftIndent=10, bulletIndent=0),
        "strong": style("strong", 8.8, fontName=BOLD, spaceBefore=4, spaceAfter=3),
        "muted": style("muted", 7.9, textColor=MUTED),
        "name": style("name", 8, textColor=MUTED),
        "cell": style("cell", 8),
        "code": style("code", 7.2, fontName=MONO),
    }


def paragraph(text: str, style: ParagraphStyle, bullet: str | None = None) -> Any:
    """Foreign text as a paragraph: nothing in it is taken for markup."""
    from reportlab.platypus import Paragraph

    return Paragraph(markup(text), style, bulletText=bullet)


def chapter(text: str, style: Styles) -> list[Any]:
    """A heading over a rule, never alone at the foot of a page."""
    from reportlab.platypus import CondPageBreak, HRFlowable

    rule = HRFlowable(width="100%", thickness=1.2, color=INK, spaceBefore=0, spaceAfter=6)
    return [CondPageBreak(120), paragraph(text, style["chapter"]), rule]


def verdict(report: Report, style: Styles) -> Any:
    """The claim in its frame, with the bars and the limits."""
    from reportlab.platypus import Table

    inner = WIDTH - 28
    claim = Table(
        [[paragraph(report.headline, style["claim"]), paragraph(report.percent, style["share"])]],
        colWidths=[inner - 80, 80],
        style=BARE,
    )
    rows: list[Any] = [claim, paragraph(f"{report.detail} {report.where}", style["body"])]
    if report.note:
        rows.append(paragraph(report.note, style["strong"]))
    rows += [
        _bars(report, style),
        paragraph(report.caveat, style["strong"]),
        paragraph(report.limits, style["muted"]),
    ]
    return Table(
        [[rows]],
        colWidths=[WIDTH],
        style=[
            ("BOX", (0, 0), (-1, -1), 0.6, LINE),
            ("LINEBEFORE", (0, 0), (0, -1), 4, TONES[report.tone]),
            ("LEFTPADDING", (0, 0), (-1, -1), 14),
            ("RIGHTPADDING", (0, 0), (-1, -1), 14),
            ("TOPPADDING", (0, 0), (-1, -1), 8),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 9),
        ],
    )


def _bars(report: Report, style: Styles) -> Any:
    from reportlab.graphics.shapes import Drawing, Rect
    from reportlab.lib.colors import HexColor
    from reportlab.platypus import Table

    full = 220.0
    rows = []
    for bar in report.bars:
        drawing = Drawing(full, 8)
        drawing.add(Rect(0, 0, full, 7, fillColor=HexColor("#e3e8ec"), strokeColor=None))
        colour = HexColor(TONES[report.tone] if bar.top else GREY)
        width = max(1.5, full * bar.value)
        drawing.add(Rect(0, 0, width, 7, fillColor=colour, strokeColor=None))
        face = style["strong" if bar.top else "body"]
        rows.append([paragraph(bar.name, face), drawing, paragraph(bar.shown, face)])
    return Table(
        rows,
        colWidths=[140, full + 14, 60],
        hAlign="LEFT",
        spaceBefore=5,
        spaceAfter=5,
        style=[*BARE, ("VALIGN", (0, 0), (-1, -1), "MIDDLE")],
    )


def figures(
    shown: list[Figure], style: Styles, tall: float, columns: int = 0, wide: float = WIDTH
) -> Any:
    """Figures beside one another, captions underneath; `columns` keeps room for more."""
    from reportlab.platypus import Image, Table

    columns = columns or len(shown)
    each = (wide - GAP * (columns - 1)) / columns
    images, captions = [], []
    for figure in shown:
        scale = min(each / figure.width, tall / figure.height)
        size = figure.width * scale, figure.height * scale
        images.append(Image(io.BytesIO(figure.data), *size, hAlign="LEFT"))
        captions.append(paragraph(figure.caption, style["muted"]))
    widths = [each + GAP] * (len(shown) - 1) + [each]
    rows = [images, captions] if any(figure.caption for figure in shown) else [images]
    return Table(rows, colWidths=widths, hAlign="LEFT", style=BARE)


def table(facts: Iterable[Fact], style: Styles) -> Any:
    """Names and values in two columns."""
    from reportlab.platypus import Table

    rows = [
        [paragraph(row.name, style["name"]), paragraph(row.value, style["cell"])] for row in facts
    ]
    return Table(
        rows,
        colWidths=[WIDTH * 0.32, WIDTH * 0.68],
        style=[
            *BARE,
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
            ("RIGHTPADDING", (0, 0), (-1, -1), 8),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        ],
    )


def exhibit(number: int, shown: Exhibit, style: Styles) -> list[Any]:
    """One view: its picture beside what is to be said of it, its chart underneath."""
    from reportlab.platypus import Spacer, Table

    facts = [("Measured", shown.caption)]
    facts += [("Caution", warning) for warning in shown.warnings]
    facts += [("How to read it", shown.read), ("How it misleads", shown.misleads)]
    words: list[Any] = []
    for name, text in facts:
        words += [paragraph(name, style["muted"]), paragraph(text, style["cell"]), Spacer(1, 3)]
    body: list[Any] = words
    if shown.picture:
        wide = min(EXHIBIT_WIDE, shown.picture.width * EXHIBIT_TALL / shown.picture.height)
        image = figures([shown.picture], style, EXHIBIT_TALL, wide=wide)
        widths = [wide + GAP, WIDTH - wide - GAP]
        body = [Table([[image, words]], colWidths=widths, hAlign="LEFT", style=BARE)]
    if shown.chart:
        flat = shown.chart.height < SCALE * shown.chart.width
        tall = CHART_TALL if shown.picture else LONE_CHART_TALL
        body.append(figures([shown.chart], style, tall, wide=EXHIBIT_WIDE if flat else WIDTH))
    return [paragraph(f"{number}. {shown.title}", style["heading"]), *body, Spacer(1, 6)]


def code(text: str, style: Styles) -> Any:
    """Text as a machine takes it, broken where it must."""
    from reportlab.platypus import Paragraph, Table

    lines = [markup(line).replace("  ", "\u00a0 ") or "\u00a0" for line in text.splitlines()]
    return Table(
        [[Paragraph(line, style["code"])] for line in lines],
        colWidths=[WIDTH],
        spaceBefore=3,
        spaceAfter=8,
        style=[
            ("BACKGROUND", (0, 0), (-1, -1), WELL),
            ("LEFTPADDING", (0, 0), (-1, -1), 8),
            ("TOPPADDING", (0, 0), (-1, -1), 0.5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 0.5),
        ],
    )
