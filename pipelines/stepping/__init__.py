"""What the step loop decides with: order, batches, pace, memory, checkpoints. No torch in it."""
