"""Clips to markup for a blog; posts rewritten in place."""
