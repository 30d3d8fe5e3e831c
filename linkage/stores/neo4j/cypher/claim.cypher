// The empty database becomes the graph of a workspace.
// Writes: Current. Parameters: workspace, model.
MERGE (current:Current {name: 'graph'})
ON CREATE SET current.workspace = $workspace, current.model = $model, current.generation = 0
