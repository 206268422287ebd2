"""The interactive program in a browser, on this machine alone."""
