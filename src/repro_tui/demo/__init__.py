"""Makes a small real project with a Git repository and a store, on the spot."""
