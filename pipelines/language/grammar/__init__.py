"""One module a locale, each with a `GRAMMAR` of the same shape (`tongue.Grammar`)."""
