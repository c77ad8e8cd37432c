package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.spi.HeadShape;

/** The queries of one task of {@link PrefillAttention} and what they see; a buffer. */
final class PrefillTile {
    int span;
    int kvHead;

    /** The first row, in the step. */
    int firstRow;

    private int rows;
    private int heads;
    private int firstHead;

    /** Registers of lanes of a half. */
    int width;

    /** 1 where a half is enough. */
    int halves;

    /** Position of the first and of the last query. */
    int first;

    int last;

    /** Least and greatest position from which queries see keys at all. */
    int seenFrom;

    int seenTo;

    /** Least and greatest position from which queries see keys exactly; 0 if from the first on. */
    int keysFrom;

    int keysTo;
    int valuesFrom;
    int valuesTo;

    /** Multiplications so far. */
    long macs;

    void fill(HeadShape shape, int layer, AttentionPlan plan, StepState step, int task) {
        span = plan.span(task);
        kvHead = plan.kvHead(task);
        firstRow = step.firstRow(span) + plan.first(task);
        rows = plan.rows(task);
        heads = Math.min(plan.headsATile(), shape.group() - plan.inGroup(task));
        firstHead = kvHead * shape.group() + plan.inGroup(task);
        int registers = Lanes.ceilDiv(heads * rows, Lanes.N);
        width = Tiles.width(2 * Lanes.ceilDiv(registers, 2) - 1);
        halves = registers > width ? 2 : 1;
        first = step.position(firstRow);
        last = step.position(firstRow + rows - 1);
        macs = 0;
        look(layer, step);
    }

    private void look(int layer, StepState step) {
        seenFrom = Integer.MAX_VALUE;
        keysFrom = Integer.MAX_VALUE;
        valuesFrom = Integer.MAX_VALUE;
        seenTo = 0;
        keysTo = 0;
        valuesTo = 0;
        for (int row = firstRow; row < firstRow + rows; row++) {
            int seen = step.recent(layer, kvHead, row);
            int keys = step.boundary(true, layer, kvHead, row);
            int values = step.boundary(false, layer, kvHead, row);
            seenFrom = Math.min(seenFrom, seen);
            seenTo = Math.max(seenTo, seen);
            keysFrom = Math.min(keysFrom, keys);
            keysTo = Math.max(keysTo, keys);
            valuesFrom = Math.min(valuesFrom, values);
            valuesTo = Math.max(valuesTo, values);
        }
    }

    /** Whether a lane may see a key of a block exactly, where lanes do from {@code from} on. */
    boolean exact(HeadCache head, int key, int from) {
        return key < head.sinks()
                || (key + RowFormat.BLOCK > from && key + RowFormat.BLOCK > seenFrom);
    }

    /** Whether all lanes see all values of a tile of keys as changes. */
    boolean seesChanges(HeadCache head, int key, int count) {
        return head.values.isCumulative() && key >= head.sinks() && key + count <= valuesFrom;
    }

    /** Lanes in use. */
    int used() {
        return heads * rows;
    }

    int lanes() {
        return halves * width * Lanes.N;
    }

    /** The row of a lane; lanes that are left over repeat the last one. */
    int row(int lane) {
        return firstRow + Math.min(lane, used() - 1) % rows;
    }

    /** The query head of a lane. */
    int head(int lane) {
        return firstHead + Math.min(lane, used() - 1) / rows;
    }
}
