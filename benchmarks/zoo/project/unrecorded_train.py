"""numpy_train.py for `python -S`: without `site`, no recorder starts, nor are packages found."""

import os
import runpy
import sys

if __name__ == "__main__":
    sys.path += os.environ["ZOO_SITE"].split(os.pathsep)
    runpy.run_path("numpy_train.py", run_name="__main__")
