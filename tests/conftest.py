"""Settings of the whole test suite."""

from hypothesis import settings

# A verdict changes with the code alone: not with the random seed, nor with a busy machine.
settings.register_profile("attnviz", deadline=None, derandomize=True)
settings.load_profile("attnviz")
