package uk.ac.manchester.tornado.api;

/** A graph that no task is added to any more. */
public final class ImmutableTaskGraph {
    private final TaskGraph graph;

    ImmutableTaskGraph(TaskGraph graph) {
        this.graph = graph;
    }

    void run(GridScheduler grids) {
        graph.run(grids);
    }
}
