"""Motion of many places at once, held to what manim does for one."""

import numpy as np
import pytest
from manim import Mobject, rate_functions

from attnviz.animations.waves import Arrivals


@pytest.mark.parametrize("moment", [0.0, 0.11, 0.5, 0.77, 1.0])
def test_each_place_is_eased_as_manim_eases_one(moment: float) -> None:
    arrival = np.linspace(0, 1, 5 * 7).reshape(5, 7)
    progress = Arrivals(Mobject(), arrival).progress(moment)
    assert progress.shape == (5, 7)
    change = 0.3  # of the animation, from a place's arrival on; the last one ends with it
    for pair, begins in np.ndenumerate(arrival):
        share = (moment - begins * (1 - change)) / change
        wanted = rate_functions.ease_in_out_cubic(min(1.0, max(0.0, share)))
        assert progress[pair] == pytest.approx(wanted, abs=1e-12)
