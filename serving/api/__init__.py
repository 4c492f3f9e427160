"""The HTTP door: products, jobs, assets, models, health; problems when refused."""

from serving.api.create import create_app
from serving.api.door import Door

__all__ = ["Door", "create_app"]
