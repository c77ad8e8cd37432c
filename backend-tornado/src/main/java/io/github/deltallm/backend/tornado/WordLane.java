package io.github.deltallm.backend.tornado;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Keys and values as words. */
final class WordLane extends DeviceArray<int[]> {
    private final Machine machine;
    private final MemorySegment stage;

    WordLane(Machine machine) {
        super(machine);
        this.machine = machine;
        stage = machine.buffers.wordStage.getSegment();
    }

    @Override
    int[] host(int length) {
        return new int[length];
    }

    @Override
    void fetchChunks(int length, int chunks) {
        machine.fetchWords(length, chunks);
    }

    @Override
    void storeChunks(int length, int chunks) {
        machine.storeWords(length, chunks);
    }

    @Override
    void duplicateChunks(int length, int chunks) {
        machine.copyWords(length, chunks);
    }

    @Override
    void fromStage(int from, int[] data, int at, int count) {
        MemorySegment.copy(stage, ValueLayout.JAVA_INT, 4L * from, data, at, count);
    }

    @Override
    void toStage(int to, int[] data, int at, int count) {
        MemorySegment.copy(data, at, stage, ValueLayout.JAVA_INT, 4L * to, count);
    }
}
