"""How long a render would take with more workers than there are cores to measure it on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Parts:
    """What a render consists of, in seconds of one core.

    Parameters
    ----------
    start
        Until the first worker can draw; it passes once, whatever comes after.
    unseen
        What each of several workers spends on what is no frame of its own: the forward pass, and
        playing the beats that others draw. They do it side by side; one worker alone does not.
    drawn
        Drawing and encoding all frames, by one worker.
    longest
        The share of it, 0 to 1, that is the longest beat: a beat is never cut.
    beats
        How many there are, and so how many workers find something to do.
    read
        Reading the finished films again, which the coordinator does alone.
    """

    start: float
    unseen: float
    drawn: float
    longest: float
    beats: int
    read: float

    def wall(self, workers: int) -> float:
        """Return the wall time with so many workers, each on a core of its own.

        wall(n) = start + unseen + max(1 / n, longest) · drawn + read, unseen from two workers on
        and n at most the number of beats. Jobs that nobody cuts take at least the larger of the
        mean load and the longest job (R. L. Graham, SIAM J. Appl. Math. 17, 1969).
        """
        busy = min(workers, self.beats)
        unseen = self.unseen if busy > 1 else 0.0
        return self.start + unseen + max(1 / busy, self.longest) * self.drawn + self.read

    @property
    def serial(self) -> float:
        """The share of one worker's render that no further worker takes over."""
        return (self.start + self.read) / self.wall(1)
