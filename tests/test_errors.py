import pickle

import pytest

from attnviz.errors import AttnvizError, TensorError, UserError, closest, quoted, require_known


def test_exit_codes_tell_the_user_from_the_machine() -> None:
    assert AttnvizError("x").exit_code == 1
    assert TensorError("x").exit_code == 1
    assert UserError("x").exit_code == 2


def test_a_message_is_one_line() -> None:
    assert str(UserError("two\n  lines\tand a tab")) == "two lines and a tab"


def test_an_error_survives_the_way_between_processes() -> None:
    error = pickle.loads(pickle.dumps(UserError("no such scene")))
    assert isinstance(error, UserError)
    assert str(error) == "no such scene"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("causl-mask", ", did you mean 'causal-mask'?"),
        ("CAUSAL-MASK", ", did you mean 'causal-mask'?"),
        ("zebra", ""),
        ("causal-mask" * 1000, ""),
    ],
)
def test_closest_suggests_only_what_is_near(name: str, hint: str) -> None:
    assert closest(name, ["causal-mask", "multi-head"]) == hint


def test_a_name_that_is_not_there_is_refused_with_the_nearest_and_all() -> None:
    assert require_known("theme", "dark", ("dark", "light")) == "dark"
    with pytest.raises(UserError) as refused:
        require_known("theme", "drak", ("dark", "light"))
    assert str(refused.value) == (
        "unknown theme 'drak', did you mean 'dark'? (there are dark, light)"
    )


def test_quoted_text_is_short_and_cannot_disturb_the_terminal() -> None:
    assert quoted("plain é 漢") == "'plain é 漢'"
    assert quoted("\x1b[31m\u202e\ud800") == r"'\x1b[31m\u202e\ud800'"
    assert quoted("a" * 41) == "'" + "a" * 40 + "…'"
    assert quoted("abc", longest=2) == "'ab…'"
