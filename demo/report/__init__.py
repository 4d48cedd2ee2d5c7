"""One examination on paper: gathered once, set as a PDF and as a self-contained HTML page."""
