"""Paired comparisons with other implementations; `make bench` runs them."""
