"""The ways to find faces, one file each; :mod:`dubkit.faces.choose` picks one."""
