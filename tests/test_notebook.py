"""The worked notebook runs from its first cell to its last, and shows what it promises."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from attnviz.sources import load_trace
from attnviz.spec import Spec

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = ROOT / "docs" / "notebook.ipynb"
SECONDS_A_CELL = 300


def read():
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    return notebook


def outputs(notebook):
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def shown(notebook, kind):
    """Return what the cells show of one kind as their last values, in order."""
    found = (output.get("data", {}) for output in outputs(notebook))
    return [data[kind] for data in found if kind in data]


def test_notebook_is_shipped_without_outputs():
    code = [cell for cell in read().cells if cell.cell_type == "code"]
    assert code
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)


@pytest.mark.slow
def test_notebook_runs(tmp_path, monkeypatch):
    # The notebook's own folder stays clean; attnviz is found from anywhere.
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    client = NotebookClient(
        read(),
        timeout=SECONDS_A_CELL,
        kernel_name="python3",
        resources={"metadata": {"path": str(tmp_path)}},
    )
    notebook = client.execute()
    assert len(shown(notebook, "image/svg+xml")) == 5
    (film,) = shown(notebook, "text/html")
    assert "data:video/mp4;base64," in film
    trace = load_trace(Spec("he left the roses by the bank", model="reader"))
    row = trace.layers[0].weights[1, trace.tokens.index("bank")]
    said = f"bank looks most at {trace.tokens[row.argmax()]}: {row.max():.2f}\n"
    assert said in [output.text for output in outputs(notebook) if output.output_type == "stream"]
    assert (tmp_path / "block.safetensors").is_file()
