"""The motion designs, one a file; `designs.toml` says what each needs and suits."""
