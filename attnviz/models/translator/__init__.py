"""translator: an encoder–decoder for short phrases, English to French and Korean to English."""
