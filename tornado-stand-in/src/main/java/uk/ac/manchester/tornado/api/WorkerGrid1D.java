package uk.ac.manchester.tornado.api;

/** How many threads a task has. */
public final class WorkerGrid1D {
    private long threads;

    public WorkerGrid1D(int threads) {
        this.threads = threads;
    }

    public void setGlobalWork(long x, long y, long z) {
        threads = x * y * z;
    }

    /** Without a meaning where threads run one after the other. */
    public void setLocalWork(long x, long y, long z) {}

    long threads() {
        return threads;
    }
}
