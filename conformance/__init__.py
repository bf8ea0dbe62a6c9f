"""Cross-framework conformance suite for Conv2d and Conv2dTranspose."""

__version__ = "0.1.0"
