"""What `nnreg.grid` and `nnreg.table` are made of."""
