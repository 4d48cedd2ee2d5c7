"""How the page looks: Gradio's theme in our colours, our style sheet, the icon. No web fonts."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

ASSETS = Path(__file__).parent / "assets"
FAVICON = ASSETS / "favicon.png"
SANS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "sans-serif")
MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace")


def theme() -> gr.themes.Base:
    """Gradio's plain theme on the style sheet's colours, with the reader's own fonts."""
    look = gr.themes.Base(
        primary_hue=gr.themes.colors.slate,
        neutral_hue=gr.themes.colors.slate,
        radius_size=gr.themes.sizes.radius_sm,
        font=SANS,
        font_mono=MONO,
    )
    return look.set(
        body_background_fill="#f4f6f8",
        body_background_fill_dark="#0f1419",
        body_text_color="#15202b",
        body_text_color_dark="#e4eaf0",
        block_background_fill_dark="#171e25",
        background_fill_primary_dark="#171e25",
        background_fill_secondary_dark="#0f1419",
        border_color_primary_dark="#2c3741",
        input_background_fill_dark="#0f1419",
        table_odd_background_fill_dark="#0f1419",
        table_even_background_fill_dark="#171e25",
        button_secondary_background_fill="#ffffff",
        button_secondary_background_fill_dark="#1c252e",
        button_secondary_background_fill_hover="#eef2f5",
        button_secondary_background_fill_hover_dark="#26313b",
        button_secondary_border_color="#c3ccd5",
        button_secondary_border_color_dark="#3a4752",
        button_secondary_text_color="#15202b",
        button_secondary_text_color_dark="#e4eaf0",
        button_primary_background_fill="#1d5c86",
        button_primary_background_fill_dark="#79b8e3",
        button_primary_background_fill_hover="#164a6d",
        button_primary_background_fill_hover_dark="#9bcbec",
        button_primary_text_color="#ffffff",
        button_primary_text_color_dark="#0c1319",
        button_border_width="1px",
    )


def head(name: str) -> str:
    """What goes into the document's head: the style sheet and a description."""
    css = (ASSETS / "style.css").read_text("utf-8")
    return (
        f'<meta name="description" content="{name}: was this picture edited, and where?">'
        '<meta name="color-scheme" content="light dark">'
        f"<style>{css}</style>"
    )
