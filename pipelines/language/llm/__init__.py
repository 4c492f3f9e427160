"""Chat models behind the step loop: runs decode together, join and leave between steps.

Read in this order: `order` (what a recipe asks), `model` (weights and tokens), `memory` (what a
model remembers of a text), `prefixes` (shared beginnings), `grammar` (answers by a JSON schema),
`drawing` (the next token by seed), `backend` (the runs).
"""
