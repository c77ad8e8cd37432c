package io.github.deltallm.backend.tornado;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;

class HeapTest {
    @Test
    void whatIsTakenNeverOverlaps() {
        Random random = new Random(1);
        Heap heap = new Heap();
        heap.grow(1000);
        BitSet taken = new BitSet();
        List<Heap.Range> held = new ArrayList<>();
        for (int i = 0; i < 5000; i++) {
            if (random.nextBoolean()) {
                int count = 1 + random.nextInt(100);
                int at = heap.take(count);
                if (at < 0) {
                    heap.grow(heap.size() + 100);
                    continue;
                }
                int end = at + Heap.rounded(count);
                assertThat(at % Heap.GRAIN).isZero();
                assertThat(end).isLessThanOrEqualTo(heap.size());
                assertThat(taken.nextSetBit(at)).as("free").matches(bit -> bit < 0 || bit >= end);
                taken.set(at, end);
                held.add(new Heap.Range(at, count));
            } else if (!held.isEmpty()) {
                Heap.Range range = held.remove(random.nextInt(held.size()));
                heap.release(range.from(), range.count());
                taken.clear(range.from(), range.from() + Heap.rounded(range.count()));
            }
            int whole = heap.size() / Heap.GRAIN * Heap.GRAIN;
            assertThat(heap.left()).isEqualTo(whole - taken.cardinality());
            BitSet told = new BitSet();
            heap.taken().forEach(range -> told.set(range.from(), range.from() + range.count()));
            assertThat(told).isEqualTo(taken);
        }
    }

    @Test
    void releasedNeighboursAreOneAgain() {
        Heap heap = new Heap();
        heap.grow(96);
        int first = heap.take(32);
        int second = heap.take(32);
        int third = heap.take(32);
        assertThat(heap.take(1)).isNegative();
        heap.release(first, 32);
        heap.release(third, 32);
        heap.release(second, 32);
        assertThat(heap.take(96)).isZero();
    }
}
