"""People in photos: bodies, faces and hands, found by pinned networks."""
