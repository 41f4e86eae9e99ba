"""The command ``mlip-compose``: thin, one file a command or group of commands."""
