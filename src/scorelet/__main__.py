"""`python -m scorelet` is the command line."""

from scorelet.cli.main import main

main()
