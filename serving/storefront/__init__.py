"""The try-on element that shops paste into their product pages, and a sample shop that has it."""
