"""``python -m mlip_compose`` is the command ``mlip-compose``."""

from mlip_compose.cli.app import main

if __name__ == "__main__":
    main()
