"""Evidence against evidence, by a policy: pure."""
