package io.github.deltallm.backend.tornado;

import org.jspecify.annotations.Nullable;

import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Writes where the rows of a step's sequences lie, as {@link Places} has it. */
final class PlaceTable {
    private final StepRows rows;
    private final DeviceMemory memory;
    private final IntArray places;
    private int end;

    PlaceTable(StepRows rows, DeviceMemory memory, IntArray places) {
        this.rows = rows;
        this.memory = memory;
        this.places = places;
    }

    /**
     * Ints of the table for a step.
     *
     * @param least rows of each span that there is to be room for
     */
    static long ints(StepRows rows, int streams, int least) {
        long ints = Places.HEADER;
        for (StepRows.Span span : rows.spans()) {
            int blocks =
                    Math.ceilDiv(span.position() + Math.max(least, span.count()), Places.BLOCK) + 1;
            ints += (long) streams * (Places.STRIDE + 4L * blocks);
        }
        return ints;
    }

    void fill() {
        int streams = memory.streams();
        end = Places.HEADER + rows.spans().size() * streams * Places.STRIDE;
        for (int span = 0; span < rows.spans().size(); span++) {
            StepRows.Span one = rows.spans().get(span);
            CacheStream[] all = one.cache().streams();
            for (int i = 0; i < streams; i++) {
                int at = Places.HEADER + (span * streams + i) * Places.STRIDE;
                fill(at, all[i], one.position() + one.count());
            }
        }
    }

    private void fill(int at, CacheStream stream, int length) {
        places.set(at + Places.EXACT, end);
        for (int block = 0; block * Places.BLOCK < length; block++) {
            list(stream.blocks.exactBlock(block));
        }
        places.set(at + Places.EVENTS, end);
        for (int block = 0; stream.delta() && block <= length / Places.BLOCK; block++) {
            list(stream.blocks.eventBlock(block));
        }
        places.set(at + Places.PACKED, stream.blocks.packed());
        Extent rule = stream.blocks.knownRule();
        places.set(at + Places.RULE, rule == null ? 0 : memory.floatsAt(rule));
    }

    private void list(@Nullable Extent extent) {
        places.set(end++, extent == null ? 0 : memory.floatsAt(extent));
        places.set(end++, extent == null ? 0 : memory.wordsAt(extent));
    }
}
