"""Webhooks (Standard Webhooks 1.0): how messages are signed, sent, and tried again."""
