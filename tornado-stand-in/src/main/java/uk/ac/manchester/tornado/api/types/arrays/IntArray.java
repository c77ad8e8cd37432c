package uk.ac.manchester.tornado.api.types.arrays;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Numbers outside of the heap. */
public final class IntArray {
    private final int size;
    private final MemorySegment data;

    public IntArray(int size) {
        this.size = size;
        data = Arena.ofAuto().allocate(ValueLayout.JAVA_INT, Math.max(1, size));
    }

    public int get(int index) {
        return data.getAtIndex(ValueLayout.JAVA_INT, index);
    }

    public void set(int index, int value) {
        data.setAtIndex(ValueLayout.JAVA_INT, index, value);
    }

    public int getSize() {
        return size;
    }

    public MemorySegment getSegment() {
        return data;
    }
}
