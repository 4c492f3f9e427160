"""The video judge examined: clean footage, planted faults, recall and false alarms."""
