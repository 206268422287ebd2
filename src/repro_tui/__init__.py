"""repro-tui: can this MLflow run be reproduced, and where it can't, why not?"""
