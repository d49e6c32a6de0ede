"""The names at the top of the package: few, promised, and free of charge until they are used."""

import subprocess
import sys

import pytest

import attnviz


def test_public_names_are_these():
    assert attnviz.__all__ == ["clip", "preview", "record", "trace"]
    assert set(attnviz.__all__) <= set(dir(attnviz))


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'clips'"):
        _ = attnviz.clips


def test_looking_at_the_names_loads_nothing():
    code = (
        "import sys, attnviz; dir(attnviz); attnviz.__all__;"
        "print(*sorted({'torch', 'manim', 'numpy'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("name", attnviz.__all__)
def test_public_names_are_documented_functions_of_their_module(name):
    function = getattr(attnviz, name)
    assert function.__name__ == name
    assert function.__doc__
    assert function.__module__.startswith("attnviz.")
