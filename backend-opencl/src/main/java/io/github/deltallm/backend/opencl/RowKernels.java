package io.github.deltallm.backend.opencl;

import java.util.List;

/**
 * The kernels of a product that takes rows of activations one by one or several at once. Both have
 * as many lanes, so that a row's sums don't depend on how many rows come with it.
 */
final class RowKernels implements AutoCloseable {
    private final ClQueue queue;
    private final int together;
    private final int outputs;
    private final int outputsEach;
    private final Resources resources = new Resources();
    private final ClKernel single;
    private final ClKernel several;
    private final int lanes;
    private final int groupRows;

    /**
     * @param outputs rows of the matrix
     * @param outputsEach outputs of a work item where there is more than one row
     * @param together rows that share decoded weights where there is more than one
     * @param source which has the kernel {@code name}; its local arguments are the caller's to set
     */
    RowKernels(
            OpenClDevice device,
            ClQueue queue,
            WeightBuffer weight,
            int outputs,
            int outputsEach,
            int together,
            String name,
            String source) {
        this.queue = queue;
        this.together = together;
        this.outputs = outputs;
        this.outputsEach = together == 1 ? 1 : outputsEach;
        try {
            KernelShape shape = device.shape().withoutTiles();
            FittedKernel one;
            FittedKernel many;
            do {
                one = kernel(device, weight, shape, 1, name, source);
                many =
                        together == 1
                                ? one
                                : kernel(device, weight, one.shape(), together, name, source);
                shape = many.shape();
            } while (one.shape().lanes() != shape.lanes());
            single = one.kernel();
            several = many.kernel();
            lanes = shape.lanes();
            int most = Math.min(single.maxGroup(), several.maxGroup());
            groupRows = Math.max(1, Math.min(shape.groupRows(), most / lanes));
        } catch (RuntimeException | Error e) {
            resources.closeAfter(e);
            throw e;
        }
    }

    private FittedKernel kernel(
            OpenClDevice device,
            WeightBuffer weight,
            KernelShape shape,
            int rows,
            String name,
            String source) {
        String option = weight.option() + (rows > 1 ? " -D OUTPUTS=" + outputsEach : "");
        FittedKernel fitted =
                FittedKernel.lanes(device, shape, rows, option, name, "decode.cl", source);
        resources.add(fitted.kernel());
        return fitted;
    }

    /** The kernels, whose arguments are to be set. */
    List<ClKernel> all() {
        return single == several ? List.of(single) : List.of(single, several);
    }

    /** Bytes of local memory with a number for each work item of a group. */
    long localBytes() {
        return 4L * lanes * groupRows;
    }

    /**
     * Queues the product.
     *
     * @param index of the argument that takes the number of rows
     */
    void enqueue(int index, int rows) {
        int each = rows == 1 ? 1 : together;
        ClKernel kernel = rows == 1 ? single : several;
        int groups = Math.ceilDiv(rows, each);
        int columns = Math.ceilDiv(outputs, rows == 1 ? 1 : outputsEach);
        queue.launch3(kernel.arg(index, rows), lanes, columns, groups, lanes, groupRows, 1);
    }

    @Override
    public void close() {
        resources.close();
    }
}
