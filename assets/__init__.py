"""The floor: bytes, not products. Store, safe decoding, encoding, fetching, provenance."""
