"""dubkit inside editors: a bridge they share, and an adapter for each."""
