package io.github.deltallm.backend.opencl;

/**
 * How kernels are laid out on a device.
 *
 * @param lanes work items that share the columns of a row, a power of two: neighbours read
 *     neighbouring memory. A processor has one, whose vectors are its lanes
 * @param groupRows outputs of a group of a matrix product
 * @param rows rows of activations that share decoded weights where there is more than one: as many
 *     as a work item has registers for
 * @param outputs outputs of a work item then: as many as that leaves registers for
 * @param tile side of the tiles of products with many rows; 0 for none, as where local memory is no
 *     faster than any other (ARM's GPUs)
 */
record KernelShape(int lanes, int groupRows, int rows, int outputs, int tile) {
    /** Local memory that a driver may want for itself. */
    static final int RESERVED = 4096;

    static KernelShape of(ClDeviceLimits limits) {
        if (limits.cpu()) {
            return new KernelShape(1, Math.min(8, limits.maxGroup()), 8, 2, 0);
        }
        int lanes = Integer.highestOneBit(Math.min(32, limits.maxGroup()));
        int groupRows = Math.max(1, Math.min(128, limits.maxGroup()) / lanes);
        return new KernelShape(lanes, groupRows, 4, 1, tile(limits));
    }

    private static int tile(ClDeviceLimits limits) {
        for (int tile = limits.ownLocal() ? 64 : 0; tile >= 32; tile /= 2) {
            int items = items(tile);
            int bytes = 2 * 32 * tile * Float.BYTES;
            if (items <= limits.maxGroup() && bytes <= limits.localBytes() - RESERVED) {
                return tile;
            }
        }
        return 0;
    }

    private static int items(int tile) {
        return tile / 4 * (tile / 8);
    }

    /** Work items of a tile's group, each of which computes 4 outputs of 8 rows. */
    int tileItems() {
        return items(tile);
    }

    /** The same with at most so many lanes. */
    KernelShape withLanes(int most) {
        int fewer = Integer.highestOneBit(Math.clamp(most, 1, lanes));
        return new KernelShape(fewer, groupRows, rows, outputs, tile);
    }

    /** The same with the next smaller tiles, or none. */
    KernelShape withSmallerTiles() {
        return new KernelShape(lanes, groupRows, rows, outputs, tile > 32 ? tile / 2 : 0);
    }

    /** The same without tiles. */
    KernelShape withoutTiles() {
        return new KernelShape(lanes, groupRows, rows, outputs, 0);
    }

    /** Definitions for the compiler. */
    String options(int rowsTogether) {
        return "-D LANES="
                + lanes
                + " -D ROWS="
                + rowsTogether
                + (tile > 0 && rowsTogether > 1 ? " -D TILE=" + tile : "");
    }
}
