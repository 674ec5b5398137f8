"""Of scikit-learn the page has two sets of data; `absent` answers for the rest."""
