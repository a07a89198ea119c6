"""Pictures of a conversation: as a graph, as Mermaid, DOT, SVG and PNG."""
