"""The live studio: a small local server and one page."""
