"""Ways to know people again; what they promise is in :mod:`dubkit.faces.embedder`."""
