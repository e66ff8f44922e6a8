"""The command ``zoo``: each subcommand parses, calls the library and renders; nothing is computed here."""
