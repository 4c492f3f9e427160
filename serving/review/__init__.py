"""The reviewer page and the dashboard: HTML, CSS and ES modules as they stand, no build step."""
