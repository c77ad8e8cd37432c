package io.github.deltallm.backend.opencl;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Shapes stay within what devices can do. */
class KernelShapeTest {
    private static ClDeviceLimits limits(boolean cpu, int maxGroup, int localKib) {
        return limits(cpu, maxGroup, localKib, true);
    }

    private static ClDeviceLimits limits(
            boolean cpu, int maxGroup, int localKib, boolean ownLocal) {
        long local = localKib * 1024L;
        return new ClDeviceLimits(
                cpu, cpu, 4, maxGroup, local, ownLocal, 1 << 30, 1 << 30, 128, true);
    }

    @Test
    void processorHasARowAWorkItemAndNoTiles() {
        KernelShape shape = KernelShape.of(limits(true, 4096, 512));
        assertThat(shape.lanes()).isEqualTo(1);
        assertThat(shape.tile()).isZero();
        assertThat(shape.options(8)).isEqualTo("-D LANES=1 -D ROWS=8");
    }

    @Test
    void gpuHasNeighboursAtARowAndTilesForManyRows() {
        KernelShape shape = KernelShape.of(limits(false, 1024, 48));
        assertThat(shape).isEqualTo(new KernelShape(32, 4, 4, 1, 64));
        assertThat(shape.options(1)).isEqualTo("-D LANES=32 -D ROWS=1");
        assertThat(shape.options(4)).isEqualTo("-D LANES=32 -D ROWS=4 -D TILE=64");
        assertThat(shape.withoutTiles().options(4)).isEqualTo("-D LANES=32 -D ROWS=4");
    }

    @Test
    void tilesAreSmallerOrNoneWhereGroupsOrLocalMemoryAre() {
        assertThat(KernelShape.of(limits(false, 64, 48)).tile()).isEqualTo(32);
        assertThat(KernelShape.of(limits(false, 1024, 16)).tile()).isEqualTo(32);
        assertThat(KernelShape.of(limits(false, 1024, 8)).tile()).isZero();
    }

    @Test
    void thereAreNoTilesWhereLocalMemoryIsNoFaster() {
        KernelShape shape = KernelShape.of(limits(false, 1024, 48, false));
        assertThat(shape).isEqualTo(new KernelShape(32, 4, 4, 1, 0));
    }

    @Test
    void lanesAndTilesShrinkToWhatAKernelAllows() {
        KernelShape shape = KernelShape.of(limits(false, 1024, 48));
        assertThat(shape.withLanes(31).lanes()).isEqualTo(16);
        assertThat(shape.withLanes(100).lanes()).isEqualTo(32);
        assertThat(shape.withLanes(0).lanes()).isEqualTo(1);
        assertThat(shape.tileItems()).isEqualTo(128);
        assertThat(shape.withSmallerTiles().tileItems()).isEqualTo(32);
        assertThat(shape.withSmallerTiles().withSmallerTiles().tile()).isZero();
    }

    @Test
    void groupsAreNoLargerThanTheDeviceAllows() {
        for (int maxGroup = 64; maxGroup <= 1024; maxGroup *= 2) {
            for (boolean cpu : new boolean[] {false, true}) {
                KernelShape shape = KernelShape.of(limits(cpu, maxGroup, 32));
                assertThat(shape.lanes() * shape.groupRows()).isLessThanOrEqualTo(maxGroup);
                assertThat(shape.tileItems()).isLessThanOrEqualTo(maxGroup);
            }
        }
    }
}
