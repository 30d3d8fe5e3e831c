// Members of a cluster by id, and which of them used what a drawing of the cluster shows.
// Reads: Cluster, MEMBER_OF, Account. Parameters: generation, cluster.
OPTIONAL MATCH (c:Cluster {cluster_id: $cluster})
CALL (c) {
    MATCH (c)<-[m:MEMBER_OF]-(a:Account)
    WHERE CASE
        WHEN m.valid_from <= $generation THEN coalesce(m.valid_to > $generation, true)
        ELSE m.previous_from IS NOT NULL
    END
    RETURN collect(a.account) AS members
}
RETURN
    members,
    CASE WHEN c.valid_from <= $generation THEN c.drawn ELSE c.previous_drawn END,
    CASE WHEN c.valid_from <= $generation THEN c.drawn_uses ELSE c.previous_drawn_uses END,
    CASE WHEN c.valid_from <= $generation THEN c.drawn_accounts ELSE c.previous_drawn_accounts END
