"""The story (封筒): what happens to an envelope from its first draft to its conclusion, one file a chapter."""
