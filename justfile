# repro-tui: every recipe of the project. `just` lists them.

import 'tasks/environment.just'
import 'tasks/quality.just'
import 'tasks/packaging.just'
import 'tasks/run.just'

python := ".venv/bin/python"

# With it, which images for containers like to set, every process compiles all that it imports.
unexport PYTHONDONTWRITEBYTECODE

_default:
    @just --list --unsorted
