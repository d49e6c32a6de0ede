"""reader: a bidirectional encoder that tells what words mean in their sentence."""
