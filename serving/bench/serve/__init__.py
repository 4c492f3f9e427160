"""`content-engine bench serve`: the step loop under load, beside stock diffusers in Ray Serve."""
