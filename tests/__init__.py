"""The test suite of attnviz."""
