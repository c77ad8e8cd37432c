package io.github.deltallm.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Test;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

class WeightMemoryTest {
    private static final String WHAT = "the tensor of a test";

    @Test
    void tensorsAreZeroAlignedAndApart() {
        long[] sizes = {1, 64, 100, 3 << 20, 40 << 20, 70 << 20, 40 << 20, 5, 1 << 20};
        try (Arena arena = Arena.ofShared()) {
            WeightMemory memory = new WeightMemory(arena);
            List<MemorySegment> taken = new ArrayList<>();
            for (long size : sizes) {
                MemorySegment next = memory.allocate(size, WHAT);
                assertThat(next.byteSize()).isEqualTo(size);
                assertThat(next.address() % 64).isZero();
                assertThat(next.mismatch(MemorySegment.ofArray(new byte[(int) size])))
                        .isEqualTo(-1);
                for (MemorySegment other : taken) {
                    assertThat(next.asOverlappingSlice(other)).isEmpty();
                }
                next.fill((byte) 0x5a);
                taken.add(next);
            }
            for (MemorySegment one : taken) {
                assertThat(one.get(ValueLayout.JAVA_BYTE, one.byteSize() - 1)).isEqualTo((byte) 90);
            }
        }
    }

    @Test
    void hugePagesAreGivenBackWithTheArena() {
        MemorySegment piece;
        try (Arena arena = Arena.ofShared()) {
            assumeTrue(
                    System.getProperty("os.name").equals("Linux"),
                    "huge pages are asked for on Linux only");
            piece = HugePages.allocate(arena, 5 << 20).orElseThrow();
            assertThat(piece.address() % HugePages.SIZE).isZero();
            piece.fill((byte) 1);
        }
        assertThatThrownBy(() -> piece.get(ValueLayout.JAVA_BYTE, 0))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void whatTheMachineHasNotIsLeftToOthersToRefuse() {
        try (Arena arena = Arena.ofShared()) {
            assertThat(HugePages.allocate(arena, 1L << 50)).isEmpty();
        }
    }
}
