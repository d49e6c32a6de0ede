"""attnviz: short films of attention whose every number comes from a real model."""

__version__ = "0.1.0"
