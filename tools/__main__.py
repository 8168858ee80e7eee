"""`python -m tools …` is `bijli …`, for when the script is not at hand."""

from tools.cli import main

main()
