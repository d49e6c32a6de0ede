"""Builds article.html of article.md, as any program of a site would."""

from pathlib import Path
from string import Template

from markdown_it import MarkdownIt

FOLDER = Path(__file__).resolve().parent

PAGE = Template(
    """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>$title</title>
<link rel="icon" href="data:,">
<style>
body { max-width: 42rem; margin: 3rem auto; padding: 0 1rem; font: 1.125rem/1.65 Georgia, serif;
       background: Canvas; color: CanvasText; }
h1 { line-height: 1.2; }
</style>
</head>
<body>
<main>
$article</main>
</body>
</html>
"""
)


def build(folder: Path) -> Path:
    """Write the page of a folder's article; return its path."""
    text = (folder / "article.md").read_text("utf-8")
    title = text.partition("\n")[0].removeprefix("# ")
    page = folder / "article.html"
    article = MarkdownIt("commonmark").render(text)
    page.write_text(PAGE.substitute(title=title, article=article), "utf-8")
    return page


if __name__ == "__main__":
    print(build(FOLDER))
