"""The main job as one command: a feed in, judged files, a manifest and a gallery out."""
