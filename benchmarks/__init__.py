"""Speed, memory and detection, measured: see README.md beside this file."""
