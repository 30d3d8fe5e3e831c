"""Evidence bundles: what a stranger needs to check a finding, and to compute it again, in one signed folder.

:func:`linkage.bundles.export.export` is the main path, :func:`linkage.bundles.verify.verify` the way back.
"""
