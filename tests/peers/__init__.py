"""The page *Conventions* against the libraries that it speaks of.

They need an environment of their own: tests/peers/requirements.txt names it.
"""
