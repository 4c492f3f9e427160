"""The try-on judge's instruments: what it sees of person, garment and result, all by itself."""
