"""`content-engine doctor`: looks at this machine and says how to mend it."""
