"""The report as a PDF, A4, set with reportlab (BSD)."""

from __future__ import annotations

import io
from typing import Any

from demo.report import layout
from demo.report.content import Report
from demo.report.fonts import SANS, register
from demo.report.layout import LINE, MARGIN, MUTED, PAGE, WIDTH, chapter, paragraph, table

PICTURE_TALL = 235.0  # points: verdict and three pictures fit on the first page


def to_pdf(report: Report) -> bytes:
    """Set a report as PDF; its text is real text, its fonts are embedded."""
    from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

    register()
    buffer = io.BytesIO()
    height = PAGE[1] - 2 * MARGIN - 12
    frame = Frame(
        *(MARGIN, MARGIN, WIDTH, height),
        leftPadding=0,
        rightPadding=0,
        topPadding=0,
        bottomPadding=0,
    )
    document = BaseDocTemplate(
        buffer,
        pagesize=PAGE,
        pageTemplates=[PageTemplate(frames=[frame])],
        title=f"Report on {report.name}",
        author=report.program,
        subject="Was this picture edited, and where?",
        lang="en",
    )
    document.build(_story(report), canvasmaker=_numbered(report))
    return buffer.getvalue()


def _numbered(report: Report) -> Any:
    """A canvas that keeps its pages until it knows how many there are."""
    from reportlab.pdfgen.canvas import Canvas

    class Numbered(Canvas):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self._pages: list[dict[str, Any]] = []

        def showPage(self) -> None:
            self._pages.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, page in enumerate(self._pages, 1):
                self.__dict__.update(page)
                self._furniture(number, len(self._pages))
                super().showPage()
            super().save()

        def _furniture(self, number: int, count: int) -> None:
            self.setFont(SANS, 7.5)
            self.setFillColor(MUTED)
            self.setStrokeColor(LINE)
            self.setLineWidth(0.6)
            top, bottom = PAGE[1] - MARGIN, MARGIN - 16
            self.drawString(MARGIN, top + 4, f"{report.program} \u00b7 Report on one picture")
            self.drawRightString(PAGE[0] - MARGIN, top + 4, report.made)
            self.line(MARGIN, top - 2, PAGE[0] - MARGIN, top - 2)
            self.drawString(MARGIN, bottom, report.caveat)
            self.drawRightString(PAGE[0] - MARGIN, bottom, f"Page {number} of {count}")

    return Numbered


def _story(report: Report) -> list[Any]:
    from reportlab.platypus import KeepTogether, Spacer

    style = layout.styles(report.tone)
    story = [
        paragraph(report.name, style["title"]),
        Spacer(1, 8),
        layout.verdict(report, style),
        Spacer(1, 10),
    ]
    shown = [report.picture, *filter(None, [report.marked, report.heat])]
    columns = 2 if report.picture.width >= report.picture.height else 3
    for row in range(0, len(shown), columns):
        story += [
            layout.figures(shown[row : row + columns], style, PICTURE_TALL, columns),
            Spacer(1, 8),
        ]
    if report.regions:
        heading = paragraph("Marked regions", style["heading"])
        story.append(KeepTogether([heading, table(report.regions, style)]))
    if report.reliability:
        heading = paragraph("How well it can be judged", style["heading"])
        text = paragraph(" ".join(report.reliability), style["body"])
        story.append(KeepTogether([heading, text]))
    story += [*chapter("What was examined", style), table(report.facts, style)]
    story += _provenance(report, style)
    # KeepTogether breaks the page itself: without chapter's own condition, which it cannot hold
    heading = [*chapter("Exhibits", style)[1:], paragraph(_introduction(report), style["muted"])]
    for number, exhibit in enumerate(report.exhibits, 1):
        story.append(KeepTogether([*heading, *layout.exhibit(number, exhibit, style)]))
        heading = []
    story += chapter("Method and limits", style)
    story += [paragraph(line, style["body"]) for line in (*report.method, report.limits)]
    how = "In the folder that holds the file, with the same version of the program:"
    return [
        *story,
        *chapter("To reproduce", style),
        paragraph(how, style["body"]),
        layout.code(report.command, style),
        paragraph("The answer, as JSON:", style["body"]),
        layout.code(report.short_response, style),
    ]


def _provenance(report: Report, style: layout.Styles) -> list[Any]:
    from reportlab.platypus import CondPageBreak, Spacer

    story = chapter("What the file says of itself", style)
    story += [paragraph(line, style["item"], bullet="\u2022") for line in report.summary]
    if report.thumbnails:
        story += [Spacer(1, 6), layout.figures(list(report.thumbnails), style, 150, 3)]
    for section in report.sections:
        story += [
            CondPageBreak(90),
            paragraph(section.title, style["heading"]),
            paragraph(section.hint, style["muted"]),
            Spacer(1, 3),
            table(section.facts, style),
        ]
    return story


def _introduction(report: Report) -> str:
    text = "Classical views of the pixels, made for eyes; the verdict was found without them."
    return f"{text} {report.unseen} more were left out for lack of time." if report.unseen else text
