"""The grounded realiser: copy composed from facts by each locale's own grammar and lexicon.

Read in this order: `phrase` (what a fact's words mean), `sheet` (all a product lets us say),
`frames` (sentences with slots, written by people), `words` (slots said in a locale), `compose`
(the copy set). `LOCALES.md` says what a new locale must provide.
"""
