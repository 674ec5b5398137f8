"""What right answers do, a module for each assignment."""
