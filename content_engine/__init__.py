"""The core: nouns, flow, feeds and the ledger. Knows no torch, no Ray, no HTTP."""
