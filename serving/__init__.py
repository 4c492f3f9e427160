"""Doors: HTTP, Ray Serve, command line. The only room that knows Ray and HTTP."""
