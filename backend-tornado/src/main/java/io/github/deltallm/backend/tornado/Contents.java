package io.github.deltallm.backend.tornado;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * What a program has on a machine apart from its weights, on the host: for a device that has no
 * room for two machines at a time.
 */
final class Contents {
    private final DeviceBuffers tables;
    private final List<Heap.Range> floatRanges;
    private final List<Heap.Range> wordRanges;
    private final List<float[]> floats;
    private final List<int[]> words;
    private final float[] values;

    /**
     * Fetches everything.
     *
     * @param valueFloats of activations
     */
    Contents(Machine machine, Heap floatHeap, Heap wordHeap, int valueFloats) {
        tables = machine.buffers;
        floatRanges = floatHeap.taken();
        wordRanges = wordHeap.taken();
        floats = floatRanges.stream().map(at -> machine.pool.fetch(at.from(), at.count())).toList();
        words = wordRanges.stream().map(at -> machine.words.fetch(at.from(), at.count())).toList();
        values = machine.values.fetch(0, valueFloats);
    }

    /** Puts everything where it was, on another machine. */
    void store(Machine machine) {
        for (int i = 0; i < floats.size(); i++) {
            machine.pool.store(floatRanges.get(i).from(), floats.get(i), floats.get(i).length);
        }
        for (int i = 0; i < words.size(); i++) {
            machine.words.store(wordRanges.get(i).from(), words.get(i), words.get(i).length);
        }
        machine.values.store(0, values, values.length);
        sendTables(tables, machine);
    }

    /** Copies from one machine to another, a stage at a time. */
    static void move(Machine from, Machine to, Heap floatHeap, Heap wordHeap, int valueFloats) {
        for (Heap.Range range : floatHeap.taken()) {
            from.pool.copyTo(to.pool, range.from(), range.count());
        }
        for (Heap.Range range : wordHeap.taken()) {
            from.words.copyTo(to.words, range.from(), range.count());
        }
        from.values.copyTo(to.values, 0, valueFloats);
        sendTables(from.buffers, to);
    }

    private static void sendTables(DeviceBuffers from, Machine to) {
        copy(from.step.getSegment(), to.buffers.step.getSegment());
        copy(from.places.getSegment(), to.buffers.places.getSegment());
        copy(from.angles.getSegment(), to.buffers.angles.getSegment());
        to.begin();
        to.places();
    }

    private static void copy(MemorySegment from, MemorySegment to) {
        MemorySegment.copy(from, 0, to, 0, Math.min(from.byteSize(), to.byteSize()));
    }
}
