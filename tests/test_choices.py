"""What scenes choose by, worked out by hand."""

import numpy as np
import pytest

from attnviz.derived import (
    count,
    habit,
    hidden_shares,
    index,
    masked,
    most_hidden,
    top,
    top_magnitude,
)
from attnviz.errors import TensorError

CAUSAL = np.tril(np.ones((3, 3), bool))
WEIGHTS = np.array([[0.25, 0.5, 0.25], [0.5, 0.125, 0.375], [0.25, 0.25, 0.5]])


def test_top_takes_the_first_of_equals():
    assert top(np.array([0.25, 0.5, 0.5])) == 1
    assert top_magnitude(np.array([0.25, -3.0, 2.0])) == 1


def test_masked_scores_are_minus_infinity():
    assert masked(WEIGHTS, CAUSAL)[0].tolist() == [0.25, -np.inf, -np.inf]


def test_hidden_shares():
    assert hidden_shares(WEIGHTS, CAUSAL).tolist() == [0.75, 0.375, 0.0]


def test_most_hidden_passes_over_rows_that_keep_one_key():
    assert most_hidden(WEIGHTS, CAUSAL) == 1
    assert most_hidden(WEIGHTS, np.eye(3, dtype=bool)) == 1
    assert most_hidden(WEIGHTS[:1, :1], np.ones((1, 1), bool)) == 0


@pytest.mark.parametrize(
    ("weights", "name"),
    [
        ([[1, 0, 0], [0.75, 0.25, 0], [0, 0.75, 0.25]], "previous_token"),
        ([[0, 1, 0], [0, 0, 1], [0, 0, 1]], "next_token"),
        ([[1, 0, 0], [0, 1, 0], [0, 0, 1]], "itself"),
        ([[1, 0, 0], [0.5, 0, 0.5], [1, 0, 0]], "first_token"),
        ([[0.4, 0.3, 0.3]] * 3, None),
    ],
)
def test_habit(weights, name):
    assert habit(np.array(weights, float)) == name


def test_counts_and_indices():
    assert count(np.zeros((3, 5))) == 15
    assert index(7) == 7
    with pytest.raises(TensorError):
        index(-1)
