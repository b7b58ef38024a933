"""``python -m dubkit_cli``: the command, where its script is not on the path."""

from dubkit_cli.main import main

main()
