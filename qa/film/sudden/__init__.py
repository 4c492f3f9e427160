"""What jumps at one frame: `spikes`, which asks `ends`, `loops` and the slow bends too."""
