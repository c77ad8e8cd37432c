package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.LE_FLOAT;
import static io.github.deltallm.backend.cpu.Lanes.LE_SHORT;
import static io.github.deltallm.backend.cpu.Lanes.N;

import java.lang.foreign.MemorySegment;

/** Decoders of the types without blocks; rows may have any length. */
final class PlainDecoders {
    private PlainDecoders() {}

    /**
     * Not by vectors: so those of floats are loaded from memory of our own only, never from a
     * mapped file, and the compiler knows the one class of segment that they come from. With two it
     * checks the class, bounds and life of a segment at every load of every kernel: {@link
     * TileKernels} ran at 160 instead of 255 GFLOP/s.
     */
    static void f32(MemorySegment data, long at, int columns, float[] out, int to) {
        MemorySegment.copy(data, LE_FLOAT, at, out, to, columns);
    }

    static void f16(MemorySegment data, long at, int columns, float[] out, int to) {
        int c = 0;
        for (; c + N <= columns; c += N) {
            Lanes.f16(data, at + 2L * c, out, to + c);
        }
        for (; c < columns; c++) {
            out[to + c] = Lanes.half(data, at + 2L * c);
        }
    }

    static void bf16(MemorySegment data, long at, int columns, float[] out, int to) {
        int c = 0;
        for (; c + N <= columns; c += N) {
            Lanes.bf16(data, at + 2L * c).intoArray(out, to + c);
        }
        for (; c < columns; c++) {
            out[to + c] = Float.intBitsToFloat(data.get(LE_SHORT, at + 2L * c) << 16);
        }
    }
}
