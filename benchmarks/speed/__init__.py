"""How quick repro-tui is, as ratios to named peers and floors, measured in interleaved pairs.

`method` says how anything is measured, `measurements` lists what is; `ground` makes the
data, `peers` the environments of the others.
"""
