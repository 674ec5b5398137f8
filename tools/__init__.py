"""What `make` calls: build and serve the book, run notebooks, write the README's table."""
