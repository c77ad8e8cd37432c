package uk.ac.manchester.tornado.api;

import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

/** Runs one graph or the other, on this thread. */
public final class TornadoExecutionPlan {
    private final ImmutableTaskGraph[] graphs;
    private GridScheduler grids = new GridScheduler();
    private int graph;

    public TornadoExecutionPlan(ImmutableTaskGraph... graphs) {
        this.graphs = graphs.clone();
    }

    public TornadoExecutionPlan withDevice(TornadoDevice device) {
        return this;
    }

    public TornadoExecutionPlan withGridScheduler(GridScheduler scheduler) {
        grids = scheduler;
        return this;
    }

    public TornadoExecutionPlan withCompilerFlags(TornadoVMBackendType type, String flags) {
        return this;
    }

    public TornadoExecutionPlan withGraph(int index) {
        graph = index;
        return this;
    }

    public TornadoExecutionPlan withAllGraphs() {
        return this;
    }

    public void execute() {
        graphs[graph].run(grids);
    }

    public TornadoExecutionPlan freeDeviceMemory() {
        return this;
    }
}
