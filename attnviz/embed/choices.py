"""What the command line offers for pages; light, so that its help is quick."""

from __future__ import annotations

from attnviz.render.output import THEMES

BOTH = "both"
"""The theme of a clip that follows the reader's colour scheme."""

PAGE_THEMES = (BOTH, *THEMES)

SITES = (
    "auto",
    "html",
    "jekyll",
    "hugo",
    "mkdocs",
    "quarto",
    "mdx",
    "docusaurus",
    "github",
    "jupyter",
)
"""What ``--site`` takes: the kinds of site, and ``auto`` for a guess."""
