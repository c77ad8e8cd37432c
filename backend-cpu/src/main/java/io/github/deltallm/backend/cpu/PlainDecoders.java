package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.F;
import static io.github.deltallm.backend.cpu.Lanes.LE;
import static io.github.deltallm.backend.cpu.Lanes.LE_FLOAT;
import static io.github.deltallm.backend.cpu.Lanes.LE_SHORT;
import static io.github.deltallm.backend.cpu.Lanes.N;

import jdk.incubator.vector.FloatVector;

import java.lang.foreign.MemorySegment;

/** Decoders of the types without blocks; rows may have any length. */
final class PlainDecoders {
    private PlainDecoders() {}

    static void f32(MemorySegment data, long at, int columns, float[] out, int to) {
        int c = 0;
        for (; c + N <= columns; c += N) {
            FloatVector.fromMemorySegment(F, data, at + 4L * c, LE).intoArray(out, to + c);
        }
        for (; c < columns; c++) {
            out[to + c] = data.get(LE_FLOAT, at + 4L * c);
        }
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
