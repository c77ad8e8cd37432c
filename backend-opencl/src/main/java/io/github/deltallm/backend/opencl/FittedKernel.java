package io.github.deltallm.backend.opencl;

import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToIntFunction;

/**
 * A kernel with the shape it was compiled for, in whose groups it can be launched: what the device
 * allows, a kernel with many registers may not.
 */
record FittedKernel(ClKernel kernel, KernelShape shape) {
    /**
     * A kernel whose lanes fit in a group: as many as wanted, or what it allows where that is less.
     *
     * @param name of a kernel that works with any number of lanes
     */
    static FittedKernel lanes(
            OpenClDevice device,
            KernelShape wanted,
            int rowsTogether,
            String option,
            String name,
            String... sources) {
        return lanes(
                wanted,
                shape ->
                        device.programs()
                                .program(
                                        (shape.options(rowsTogether) + " " + option).strip(),
                                        sources)
                                .kernel(name),
                ClKernel::maxGroup);
    }

    /**
     * @param limit work items that a group of a kernel may have
     */
    static FittedKernel lanes(
            KernelShape wanted,
            Function<KernelShape, ClKernel> build,
            ToIntFunction<ClKernel> limit) {
        KernelShape shape = wanted;
        while (true) {
            ClKernel kernel = build.apply(shape);
            boolean fits = false;
            try {
                int most = limit.applyAsInt(kernel);
                fits = most >= shape.lanes() || shape.lanes() == 1;
                if (fits) {
                    return new FittedKernel(kernel, shape);
                }
                shape = shape.withLanes(most);
            } finally {
                if (!fits) {
                    kernel.close();
                }
            }
        }
    }

    /** The largest tiles that the device can compile and launch for a weight; empty for none. */
    static Optional<FittedKernel> tiles(OpenClDevice device, WeightBuffer weight) {
        return tiles(device, weight, ClKernel::maxGroup);
    }

    /**
     * @param limit work items that a group of a kernel may have
     */
    static Optional<FittedKernel> tiles(
            OpenClDevice device, WeightBuffer weight, ToIntFunction<ClKernel> limit) {
        KernelShape shape = device.shape();
        for (; shape.tile() > 0; shape = shape.withSmallerTiles()) {
            String options = shape.options(shape.rows()) + " " + weight.option();
            if (device.refused().contains(options)) {
                continue;
            }
            try {
                ClKernel kernel =
                        device.programs()
                                .program(options, "decode.cl", "linear.cl")
                                .kernel("linear_tiles");
                if (keep(kernel, limit, shape.tileItems())) {
                    return Optional.of(new FittedKernel(kernel, shape));
                }
            } catch (ClException e) {
                // Some compilers refuse a group that is fixed and too large: as if it didn't fit.
            }
            device.refused().add(options);
        }
        return Optional.empty();
    }

    /** Whether a group may have so many work items; closes the kernel if not. */
    private static boolean keep(ClKernel kernel, ToIntFunction<ClKernel> limit, int items) {
        boolean fits = false;
        try {
            fits = limit.applyAsInt(kernel) >= items;
        } finally {
            if (!fits) {
                kernel.close();
            }
        }
        return fits;
    }
}
