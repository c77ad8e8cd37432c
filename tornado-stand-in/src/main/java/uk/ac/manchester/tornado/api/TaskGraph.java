package uk.ac.manchester.tornado.api;

import uk.ac.manchester.tornado.api.common.TornadoFunctions;

import java.util.ArrayList;
import java.util.List;

/** Tasks that run one after the other. */
public final class TaskGraph {
    /** A task's name, the thread it asks about, and the kernel with its arguments. */
    private record Named(String id, KernelContext context, Runnable kernel) {}

    private final String name;
    private final List<Named> tasks = new ArrayList<>();

    public TaskGraph(String name) {
        this.name = name;
    }

    public String getTaskGraphName() {
        return name;
    }

    public TaskGraph transferToDevice(int mode, Object... buffers) {
        return this;
    }

    public TaskGraph transferToHost(int mode, Object... buffers) {
        return this;
    }

    public TaskGraph consumeFromDevice(Object... buffers) {
        return this;
    }

    public TaskGraph persistOnDevice(Object... buffers) {
        return this;
    }

    public ImmutableTaskGraph snapshot() {
        return new ImmutableTaskGraph(this);
    }

    private TaskGraph add(String id, Object context, Runnable kernel) {
        tasks.add(new Named(id, (KernelContext) context, kernel));
        return this;
    }

    void run(GridScheduler grids) {
        // A driver that refuses a kernel, and a runtime that goes on without it.
        String lost = System.getProperty("tornado.standin.lost", "");
        for (Named task : tasks) {
            if (lost.equals(name + "." + task.id())) {
                continue;
            }
            long threads = grids.grid(name + "." + task.id()).threads();
            for (int thread = 0; thread < threads; thread++) {
                task.context().globalIdx = thread;
                task.kernel().run();
            }
        }
    }

    public <T1, T2> TaskGraph task(String id, TornadoFunctions.Task2<T1, T2> code, T1 a1, T2 a2) {
        return add(id, a1, () -> code.apply(a1, a2));
    }

    public <T1, T2, T3> TaskGraph task(
            String id, TornadoFunctions.Task3<T1, T2, T3> code, T1 a1, T2 a2, T3 a3) {
        return add(id, a1, () -> code.apply(a1, a2, a3));
    }

    public <T1, T2, T3, T4> TaskGraph task(
            String id, TornadoFunctions.Task4<T1, T2, T3, T4> code, T1 a1, T2 a2, T3 a3, T4 a4) {
        return add(id, a1, () -> code.apply(a1, a2, a3, a4));
    }

    public <T1, T2, T3, T4, T5> TaskGraph task(
            String id,
            TornadoFunctions.Task5<T1, T2, T3, T4, T5> code,
            T1 a1,
            T2 a2,
            T3 a3,
            T4 a4,
            T5 a5) {
        return add(id, a1, () -> code.apply(a1, a2, a3, a4, a5));
    }

    public <T1, T2, T3, T4, T5, T6> TaskGraph task(
            String id,
            TornadoFunctions.Task6<T1, T2, T3, T4, T5, T6> code,
            T1 a1,
            T2 a2,
            T3 a3,
            T4 a4,
            T5 a5,
            T6 a6) {
        return add(id, a1, () -> code.apply(a1, a2, a3, a4, a5, a6));
    }

    public <T1, T2, T3, T4, T5, T6, T7> TaskGraph task(
            String id,
            TornadoFunctions.Task7<T1, T2, T3, T4, T5, T6, T7> code,
            T1 a1,
            T2 a2,
            T3 a3,
            T4 a4,
            T5 a5,
            T6 a6,
            T7 a7) {
        return add(id, a1, () -> code.apply(a1, a2, a3, a4, a5, a6, a7));
    }

    public <T1, T2, T3, T4, T5, T6, T7, T8> TaskGraph task(
            String id,
            TornadoFunctions.Task8<T1, T2, T3, T4, T5, T6, T7, T8> code,
            T1 a1,
            T2 a2,
            T3 a3,
            T4 a4,
            T5 a5,
            T6 a6,
            T7 a7,
            T8 a8) {
        return add(id, a1, () -> code.apply(a1, a2, a3, a4, a5, a6, a7, a8));
    }

    public <T1, T2, T3, T4, T5, T6, T7, T8, T9> TaskGraph task(
            String id,
            TornadoFunctions.Task9<T1, T2, T3, T4, T5, T6, T7, T8, T9> code,
            T1 a1,
            T2 a2,
            T3 a3,
            T4 a4,
            T5 a5,
            T6 a6,
            T7 a7,
            T8 a8,
            T9 a9) {
        return add(id, a1, () -> code.apply(a1, a2, a3, a4, a5, a6, a7, a8, a9));
    }

    public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10> TaskGraph task(
            String id,
            TornadoFunctions.Task10<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10> code,
            T1 a1,
            T2 a2,
            T3 a3,
            T4 a4,
            T5 a5,
            T6 a6,
            T7 a7,
            T8 a8,
            T9 a9,
            T10 a10) {
        return add(id, a1, () -> code.apply(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10));
    }

    public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11> TaskGraph task(
            String id,
            TornadoFunctions.Task11<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11> code,
            T1 a1,
            T2 a2,
            T3 a3,
            T4 a4,
            T5 a5,
            T6 a6,
            T7 a7,
            T8 a8,
            T9 a9,
            T10 a10,
            T11 a11) {
        return add(id, a1, () -> code.apply(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11));
    }

    public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12> TaskGraph task(
            String id,
            TornadoFunctions.Task12<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12> code,
            T1 a1,
            T2 a2,
            T3 a3,
            T4 a4,
            T5 a5,
            T6 a6,
            T7 a7,
            T8 a8,
            T9 a9,
            T10 a10,
            T11 a11,
            T12 a12) {
        return add(id, a1, () -> code.apply(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12));
    }
}
