"""What several tests use: builders of events, readers of results, real data where it is at hand."""
