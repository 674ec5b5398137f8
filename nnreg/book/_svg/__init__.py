"""A stand-in for what the chapters use of matplotlib: SVG, by NumPy alone."""
