package uk.ac.manchester.tornado.api.types.arrays;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Numbers outside of the heap. */
public final class ByteArray {
    private final int size;
    private final MemorySegment data;

    public ByteArray(int size) {
        this.size = size;
        data = Arena.ofAuto().allocate(Math.max(1, size));
    }

    public byte get(int index) {
        return data.get(ValueLayout.JAVA_BYTE, index);
    }

    public void set(int index, byte value) {
        data.set(ValueLayout.JAVA_BYTE, index, value);
    }

    public int getSize() {
        return size;
    }

    public MemorySegment getSegment() {
        return data;
    }
}
