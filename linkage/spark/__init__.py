"""Event stages on a Spark cluster: events → daily aggregates, which ``linkage ingest`` takes into a workspace.

Nothing is defined here a second time. What concerns single rows (types, rules, canonical identifiers, template hashes,
digests) is ingest's own SQL, run by the same engine inside the executors (:mod:`linkage.spark.rows`). What concerns
many rows (duplicates, sightings, activity, usage, slots, a day's sums) is ingest's own SQL as well, in Spark's dialect
(:mod:`linkage.spark.dialect`). :func:`linkage.spark.aggregate.aggregate` puts the two together.
"""
