package io.github.deltallm.backend.tornado;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Keys and values, or activations, as floats. */
final class FloatLane extends DeviceArray<float[]> {
    private final Machine machine;
    private final boolean pool;
    private final MemorySegment stage;

    /**
     * @param pool whether it is that of keys and values
     */
    FloatLane(Machine machine, boolean pool) {
        super(machine);
        this.machine = machine;
        this.pool = pool;
        stage = machine.buffers.stage.getSegment();
    }

    @Override
    float[] host(int length) {
        return new float[length];
    }

    @Override
    void fetchChunks(int length, int chunks) {
        if (pool) {
            machine.fetchPool(length, chunks);
        } else {
            machine.fetchValues(length, chunks);
        }
    }

    @Override
    void storeChunks(int length, int chunks) {
        if (pool) {
            machine.storePool(length, chunks);
        } else {
            machine.storeValues(length, chunks);
        }
    }

    @Override
    void duplicateChunks(int length, int chunks) {
        machine.copyPool(length, chunks);
    }

    @Override
    void fromStage(int from, float[] data, int at, int count) {
        MemorySegment.copy(stage, ValueLayout.JAVA_FLOAT, 4L * from, data, at, count);
    }

    @Override
    void toStage(int to, float[] data, int at, int count) {
        MemorySegment.copy(data, at, stage, ValueLayout.JAVA_FLOAT, 4L * to, count);
    }
}
