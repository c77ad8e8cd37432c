package io.github.deltallm.backend.tornado;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToIntFunction;

/**
 * A large array of a machine. The host sees it through a small one, its stage, which task graphs
 * fill and empty.
 *
 * @param <A> an array of the host
 */
abstract class DeviceArray<A> {
    private static final int STAGE = BufferSizes.STAGE;

    private final Machine machine;

    DeviceArray(Machine machine) {
        this.machine = machine;
    }

    abstract A host(int length);

    /** Brings listed chunks to the stage. */
    abstract void fetchChunks(int length, int chunks);

    /** Stores the stage in listed chunks. */
    abstract void storeChunks(int length, int chunks);

    /** Copies listed chunks within the array. */
    abstract void duplicateChunks(int length, int chunks);

    abstract void fromStage(int stage, A data, int at, int count);

    abstract void toStage(int stage, A data, int at, int count);

    private void list(int index, int offset) {
        machine.buffers.control.set(Control.LIST + index, offset);
    }

    A fetch(int offset, int length) {
        A data = host(length);
        for (int at = 0; at < length; at += STAGE) {
            int count = Math.min(STAGE, length - at);
            list(0, offset + at);
            fetchChunks(count, 1);
            fromStage(0, data, at, count);
        }
        return data;
    }

    void store(int offset, A data, int length) {
        for (int at = 0; at < length; at += STAGE) {
            int count = Math.min(STAGE, length - at);
            toStage(0, data, at, count);
            list(0, offset + at);
            storeChunks(count, 1);
        }
    }

    /** Copies elements to the same place in the array of another machine. */
    void copyTo(DeviceArray<A> other, int offset, int length) {
        for (int at = 0; at < length; at += STAGE) {
            int count = Math.min(STAGE, length - at);
            other.store(offset + at, fetch(offset + at, count), count);
        }
    }

    /** Copies elements to another place in this array. */
    void duplicate(int from, int to, int length) {
        if (length > 0) {
            list(0, from);
            list(1, to);
            duplicateChunks(length, 1);
        }
    }

    /** A grain of a listed extent. */
    private record Grain(int extent, int at, int count) {}

    /** Moves the grains of a list that fit the stage. */
    @FunctionalInterface
    private interface Mover {
        void move(List<Grain> grains);
    }

    private void grains(
            List<Extent> extents,
            ToIntFunction<Extent> at,
            ToIntFunction<Extent> size,
            Mover mover) {
        int most = Math.min(STAGE / Heap.GRAIN, machine.chunks(Heap.GRAIN));
        List<Grain> grains = new ArrayList<>();
        for (int i = 0; i < extents.size(); i++) {
            int count = size.applyAsInt(extents.get(i));
            for (int from = 0; from < count; from += Heap.GRAIN) {
                list(grains.size(), at.applyAsInt(extents.get(i)) + from);
                grains.add(new Grain(i, from, Math.min(Heap.GRAIN, count - from)));
                if (grains.size() == most) {
                    mover.move(grains);
                    grains.clear();
                }
            }
        }
        if (!grains.isEmpty()) {
            mover.move(grains);
        }
    }

    /**
     * Reads what each of some extents has of this array.
     *
     * @param first where an extent begins
     * @param size its elements
     */
    List<A> fetch(List<Extent> extents, ToIntFunction<Extent> first, ToIntFunction<Extent> size) {
        List<A> all = new ArrayList<>();
        extents.forEach(extent -> all.add(host(size.applyAsInt(extent))));
        grains(
                extents,
                first,
                size,
                grains -> {
                    fetchChunks(Heap.GRAIN, grains.size());
                    for (int i = 0; i < grains.size(); i++) {
                        Grain grain = grains.get(i);
                        fromStage(
                                i * Heap.GRAIN, all.get(grain.extent()), grain.at(), grain.count());
                    }
                });
        return all;
    }

    void store(
            List<Extent> extents,
            ToIntFunction<Extent> first,
            ToIntFunction<Extent> size,
            List<A> data) {
        grains(
                extents,
                first,
                size,
                grains -> {
                    for (int i = 0; i < grains.size(); i++) {
                        Grain grain = grains.get(i);
                        toStage(
                                i * Heap.GRAIN,
                                data.get(grain.extent()),
                                grain.at(),
                                grain.count());
                    }
                    storeChunks(Heap.GRAIN, grains.size());
                });
    }
}
