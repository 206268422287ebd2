"""The exit codes of a comparison, as the help explains them."""

EXIT_CODES = """\b
Exit codes: 0 the outcomes are the same, 1 they differ, 2 the program could
not do what was asked, 3 the evidence does not suffice to say. With
`diff --fail-on inputs` the inputs take the outcomes' place; with `any` 0
means that both are the same and 1 that either differs."""
