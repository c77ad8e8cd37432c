package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.AttentionScratch.TILE_KEYS;
import static io.github.deltallm.backend.cpu.Lanes.N;

import java.util.Arrays;

/**
 * The events of {@link AttentionScratch#TILE_KEYS} consecutive rows as lists for the prefill
 * kernel: those of a row of keys after another, or those of a channel of values after another. The
 * first row of a tile has all its channels, so that tiles do not depend on each other.
 */
final class EventTile {
    /** What is transmitted. */
    float[] values = new float[0];

    /** Its channel, for keys; its row in the tile, for values. */
    char[] places = new char[0];

    /** Where the events of a row, or of a channel, begin; those of the next one end them. */
    int[] first = new int[TILE_KEYS + 1];

    private int count;

    /**
     * Lists keys row after row.
     *
     * @param rows decoded events, {@code width} floats apart; the first row in full
     */
    void listRows(float[] rows, int width, int dim, int number) {
        begin(number, number * dim);
        boolean whole = SparseKernels.FAST && dim == width;
        for (int row = 0; row < number; row++) {
            if (whole) {
                require(dim + N);
                for (int c = 0; c < dim; c += N) {
                    count += PackKernels.list(rows, row * width + c, c, values, places, count);
                }
            } else {
                for (int c = 0; c < dim; c++) {
                    add(rows[row * width + c], c);
                }
            }
            first[row + 1] = count;
        }
    }

    /** Lists values channel after channel. */
    void listChannels(float[] rows, int width, int dim, int number) {
        begin(dim, number * dim);
        for (int c = 0; c < dim; c++) {
            for (int row = 0; row < number; row++) {
                add(rows[row * width + c], row);
            }
            first[c + 1] = count;
        }
    }

    private void begin(int lists, int most) {
        count = 0;
        if (first.length < lists + 1) {
            first = new int[lists + 1];
        }
        if (values.length < most) {
            values = Arrays.copyOf(values, Math.min(most, values.length + most / 2 + 1));
            places = Arrays.copyOf(places, values.length);
        }
    }

    private void require(int more) {
        if (values.length < count + more) {
            values = Arrays.copyOf(values, 2 * count + more);
            places = Arrays.copyOf(places, values.length);
        }
    }

    private void add(float value, int place) {
        if (count == values.length) {
            values = Arrays.copyOf(values, 2 * count);
            places = Arrays.copyOf(places, 2 * count);
        }
        values[count] = value;
        places[count] = (char) place;
        count += Float.floatToRawIntBits(value) == SparseBlocks.NOTHING ? 0 : 1;
    }

    /** Events of the first {@code lists} rows or channels. */
    int events(int lists) {
        return first[lists];
    }
}
