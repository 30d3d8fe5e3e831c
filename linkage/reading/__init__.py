"""What people ask of a snapshot: lists, explanations, lookups, subgraphs, checks and backups. Nothing here decides."""
