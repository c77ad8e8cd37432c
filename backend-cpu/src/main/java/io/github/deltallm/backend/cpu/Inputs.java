package io.github.deltallm.backend.cpu;

/**
 * The rows that products of one stage multiply, in the forms that they want.
 *
 * @param in the rows
 * @param packed memory for {@link Product.Form#PACKED}
 * @param rounded memory for {@link Product.Form#ROUNDED}, of several rows
 */
record Inputs(Rows in, Packed packed, RoundedRows rounded) {
    /** Brings the rows into the forms that the products want: this member's share, then waits. */
    void prepare(Worker worker, int rows, Product[] products) {
        boolean pack = false;
        boolean broadcast = false;
        boolean rounds = false;
        for (Product product : products) {
            Product.Form form = product.form(rows);
            pack |= form == Product.Form.PACKED;
            broadcast |= form == Product.Form.BROADCAST;
            rounds |= form == Product.Form.ROUNDED;
        }
        if (pack) {
            packed.pack(worker, in, rows);
        }
        boolean share = rounds && rows > 1;
        if (share) {
            rounded.take(worker, in, rows);
        }
        if (pack || share) {
            worker.barrier();
        }
        // Of a single row every thread makes its own, which takes less time than to wait for
        // others.
        if (broadcast) {
            worker.broadcast.take(in);
        }
        if (rounds && !share) {
            worker.rounded.take(worker, in);
        }
    }

    /** Where the rows are in the form {@link Product.Form#ROUNDED}, if they are so many. */
    RoundedRows rounded(Worker worker, int rows) {
        return rows == 1 ? worker.rounded : rounded;
    }
}
