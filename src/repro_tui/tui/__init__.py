"""The interactive program."""
