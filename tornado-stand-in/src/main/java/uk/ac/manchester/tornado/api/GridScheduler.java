package uk.ac.manchester.tornado.api;

import java.util.HashMap;
import java.util.Map;

/** The grids of tasks by name: graph, point, task. */
public final class GridScheduler {
    private final Map<String, WorkerGrid1D> grids = new HashMap<>();

    public void addWorkerGrid(String task, WorkerGrid1D grid) {
        grids.put(task, grid);
    }

    WorkerGrid1D grid(String task) {
        WorkerGrid1D grid = grids.get(task);
        if (grid == null) {
            throw new IllegalStateException("no grid is set for the task " + task);
        }
        return grid;
    }
}
