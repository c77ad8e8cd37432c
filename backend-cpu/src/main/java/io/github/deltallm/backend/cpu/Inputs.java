package io.github.deltallm.backend.cpu;

/**
 * The rows that products of one stage multiply, in the forms that they want.
 *
 * @param in the rows
 * @param packed memory for {@link Product.Form#PACKED}
 */
record Inputs(Rows in, Packed packed) {
    /** Brings the rows into the forms that the products want: this member's share, then waits. */
    void prepare(Worker worker, int rows, Product[] products) {
        boolean pack = false;
        boolean broadcast = false;
        boolean rounded = false;
        for (Product product : products) {
            Product.Form form = product.form(rows);
            pack |= form == Product.Form.PACKED;
            broadcast |= form == Product.Form.BROADCAST;
            rounded |= form == Product.Form.ROUNDED;
        }
        if (pack) {
            packed.pack(worker, in, rows);
            worker.barrier();
        }
        // Of a single row every thread makes its own, which takes less time than to wait for
        // others.
        if (broadcast) {
            worker.broadcast.take(in);
        }
        if (rounded) {
            worker.rounded.take(in);
        }
    }
}
