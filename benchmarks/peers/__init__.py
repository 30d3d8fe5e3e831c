"""Other people's programs beside linkage, each in an environment of its own: no dependency of linkage or its tests."""
