"""From a scene, a Spec and an output to files; nothing here imports manim or torch at the top."""
