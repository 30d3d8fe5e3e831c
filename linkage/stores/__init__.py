"""What is kept on disk: the lake, snapshots, casework, and the locks that keep writers apart."""
