package io.github.deltallm.backend.cpu;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Pages for rows that are gone when their run ends. Layers run one after the other, so all layers
 * of a sequence share them; the sequences of a step do not.
 */
final class StagingPages {
    private final Arena arena;
    private final Map<Long, List<Page>> pages = new HashMap<>();
    private int base;
    private int next;
    private int high;

    StagingPages(Arena arena) {
        this.arena = arena;
    }

    void beginStep() {
        base = 0;
        next = 0;
        high = 0;
    }

    void beginSequence() {
        high = Math.max(high, next);
        base = high;
        next = high;
    }

    void beginLayer() {
        high = Math.max(high, next);
        next = base;
    }

    Page take(long bytes) {
        List<Page> sized = pages.computeIfAbsent(bytes, size -> new ArrayList<>());
        while (sized.size() <= next) {
            sized.add(new Page(null, Native.allocate(arena, bytes, "rows of a step")));
        }
        return sized.get(next++);
    }
}
