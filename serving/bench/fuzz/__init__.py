"""Spoilt media through the decoders: `content-engine bench fuzz`."""
