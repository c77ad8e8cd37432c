package io.github.deltallm.backend.opencl;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;

class CacheSpaceTest {
    private static final int GRANULE = CacheSpace.GRANULE;

    private record Taken(int place, int words) {}

    @Test
    void sizesAreWholeGranules() {
        assertThat(CacheSpace.rounded(1)).isEqualTo(GRANULE);
        assertThat(CacheSpace.rounded(GRANULE)).isEqualTo(GRANULE);
        assertThat(CacheSpace.rounded(GRANULE + 1)).isEqualTo(2 * GRANULE);
    }

    @Test
    void emptySpaceGivesNothing() {
        assertThat(new CacheSpace().take(GRANULE)).isEqualTo(-1);
    }

    @Test
    void lowestPlaceThatFitsComesFirst() {
        CacheSpace space = new CacheSpace();
        space.grow(6 * GRANULE);
        int first = space.take(GRANULE);
        int second = space.take(2 * GRANULE);
        int third = space.take(GRANULE);
        space.give(first, GRANULE);
        space.give(second, 2 * GRANULE);
        assertThat(space.take(3 * GRANULE)).as("two that touch are one").isZero();
        space.give(third, GRANULE);
        assertThat(space.freeAtEnd()).isEqualTo(3 * GRANULE);
    }

    @Test
    void nothingIsGivenOutTwiceAndNothingIsLost() {
        CacheSpace space = new CacheSpace();
        BitSet used = new BitSet();
        List<Taken> taken = new ArrayList<>();
        Random random = new Random(1);
        for (int i = 0; i < 5000; i++) {
            int words = GRANULE * (1 + random.nextInt(20));
            if (random.nextBoolean() && !taken.isEmpty()) {
                Taken gone = taken.remove(random.nextInt(taken.size()));
                used.clear(gone.place(), gone.place() + gone.words());
                space.give(gone.place(), gone.words());
            } else {
                if (space.freeAtEnd() < words) {
                    space.grow(space.words() + words);
                }
                int place = space.take(words);
                assertThat(used.nextSetBit(place)).matches(bit -> bit < 0 || bit >= place + words);
                used.set(place, place + words);
                taken.add(new Taken(place, words));
            }
            assertThat(used.length()).isLessThanOrEqualTo(space.words());
            assertThat(space.freeWords()).isEqualTo(space.words() - used.cardinality());
        }
        taken.forEach(one -> space.give(one.place(), one.words()));
        assertThat(space.freeAtEnd()).as("all of it is one again").isEqualTo(space.words());
    }
}
