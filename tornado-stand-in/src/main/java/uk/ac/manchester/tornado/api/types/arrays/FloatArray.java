package uk.ac.manchester.tornado.api.types.arrays;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Numbers outside of the heap. */
public final class FloatArray {
    private final int size;
    private final MemorySegment data;

    public FloatArray(int size) {
        this.size = size;
        data = Arena.ofAuto().allocate(ValueLayout.JAVA_FLOAT, Math.max(1, size));
    }

    public float get(int index) {
        return data.getAtIndex(ValueLayout.JAVA_FLOAT, index);
    }

    public void set(int index, float value) {
        data.setAtIndex(ValueLayout.JAVA_FLOAT, index, value);
    }

    public int getSize() {
        return size;
    }

    public MemorySegment getSegment() {
        return data;
    }
}
