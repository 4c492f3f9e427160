"""A typed Python client of the door: products, jobs, batches, try-ons, assets, webhooks.

engine = ContentEngine("http://127.0.0.1:8484", key="ce_…")
engine.products.put("MUG-1", ProductIn(title="Speckled mug"))
job = engine.jobs.wait(engine.jobs.create(TextJobIn(kind="text", sku="MUG-1", locale="en")).id)
"""

from serving.api.wire import ImageJobIn, PhotoIn, ProductIn, TextJobIn, VideoJobIn
from serving.api.wire_tryon import GarmentIn
from serving.client.engine import ContentEngine
from serving.client.errors import EngineProblem, EngineUnreachable, StillUnderWay
from serving.client.nouns import Batch, Job, JobResult, LineResult, Message, Picture, Webhook
from serving.client.verify import verify_webhook

__all__ = [
    "Batch",
    "ContentEngine",
    "EngineProblem",
    "EngineUnreachable",
    "GarmentIn",
    "ImageJobIn",
    "Job",
    "JobResult",
    "LineResult",
    "Message",
    "PhotoIn",
    "Picture",
    "ProductIn",
    "StillUnderWay",
    "TextJobIn",
    "VideoJobIn",
    "Webhook",
    "verify_webhook",
]
