package io.github.deltallm.engine.gguf;

import java.lang.foreign.MemorySegment;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.RandomAccess;

/**
 * The strings of an array in place. Of their positions only every sixteenth is kept, half a byte a
 * string: a vocabulary of 128 k strings costs 64 KiB of heap until its strings are asked for.
 */
final class StringIndex extends AbstractList<GgufText> implements RandomAccess {
    private static final int STRIDE = 16;

    private final MemorySegment data;
    private final long[] marks;
    private final int size;

    private StringIndex(MemorySegment data, long[] marks, int size) {
        this.data = data;
        this.marks = marks;
        this.size = size;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public GgufText get(int index) {
        long position = marks[Objects.checkIndex(index, size) / STRIDE];
        for (int skipped = index % STRIDE; skipped > 0; skipped--) {
            position = next(position);
        }
        return at(position);
    }

    @Override
    public Iterator<GgufText> iterator() {
        return new Iterator<>() {
            private int index;
            private long position;

            @Override
            public boolean hasNext() {
                return index < size;
            }

            @Override
            public GgufText next() {
                if (index == size) {
                    throw new NoSuchElementException();
                }
                GgufText text = at(position);
                position = StringIndex.this.next(position);
                index++;
                return text;
            }
        };
    }

    private GgufText at(long position) {
        return new GgufText(
                data.asSlice(position + Long.BYTES, data.get(LittleEndian.LONG, position)));
    }

    private long next(long position) {
        return position + Long.BYTES + data.get(LittleEndian.LONG, position);
    }

    /** The same strings decoded, still lazily. */
    static List<String> decoded(List<GgufText> texts) {
        return new Decoded(texts);
    }

    private static final class Decoded extends AbstractList<String> implements RandomAccess {
        private final List<GgufText> texts;

        Decoded(List<GgufText> texts) {
            this.texts = texts;
        }

        @Override
        public int size() {
            return texts.size();
        }

        @Override
        public String get(int index) {
            return texts.get(index).value();
        }

        @Override
        public Iterator<String> iterator() {
            Iterator<GgufText> all = texts.iterator();
            return new Iterator<>() {
                @Override
                public boolean hasNext() {
                    return all.hasNext();
                }

                @Override
                public String next() {
                    return all.next().value();
                }
            };
        }
    }

    /**
     * Collects positions while an array is walked; grows with what was really found, not with what
     * was announced.
     */
    static final class Builder {
        private long[] marks = new long[4];
        private int size;

        /** The next string's length field lies at this position from the array's first byte. */
        void add(long position) {
            if (size % STRIDE == 0) {
                int mark = size / STRIDE;
                if (mark == marks.length) {
                    marks = Arrays.copyOf(marks, 2 * mark);
                }
                marks[mark] = position;
            }
            size++;
        }

        StringIndex build(MemorySegment data) {
            return new StringIndex(data, Arrays.copyOf(marks, (size + STRIDE - 1) / STRIDE), size);
        }
    }
}
