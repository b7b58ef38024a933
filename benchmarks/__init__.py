"""What the project says of its own speed and memory, and the commands that measured it."""
