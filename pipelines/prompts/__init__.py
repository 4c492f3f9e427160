"""Prompts: what models are told, from templates under version control and a product's facts."""

from pipelines.prompts.book import Prompt, PromptBook
from pipelines.prompts.words import cleaned, quoted

__all__ = ["Prompt", "PromptBook", "cleaned", "quoted"]
