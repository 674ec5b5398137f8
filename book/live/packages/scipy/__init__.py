"""Of SciPy the page has Student's tests; `absent` answers for the rest."""
