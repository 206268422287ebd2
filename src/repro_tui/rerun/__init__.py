"""From a request to a plan, a job and a new run."""
