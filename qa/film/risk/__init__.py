"""What melts: how unusual a clip's tracks and residuals are among generated clips."""
