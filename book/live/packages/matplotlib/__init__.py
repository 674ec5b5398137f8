"""What the chapters import from matplotlib; the rest is absent."""
