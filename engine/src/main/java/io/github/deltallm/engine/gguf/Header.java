package io.github.deltallm.engine.gguf;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Everything a GGUF file says before its tensors' data.
 *
 * @param version 2 or 3
 * @param alignment every tensor's offset is a multiple of it
 * @param dataOffset of the first tensor's data; beyond the end of a file that has no tensors and
 *     lacks the padding
 * @param metadata the key-value pairs
 * @param tensors in the order of the file, each of them inside the file and apart from all others
 */
record Header(
        int version,
        int alignment,
        long dataOffset,
        GgufMetadata metadata,
        List<GgufTensorInfo> tensors) {
    private static final int TENSOR_COUNT_AT = 8;
    private static final int KEY_COUNT_AT = 16;

    /** Reads and checks a whole header. */
    static Header read(String source, MemorySegment data, int part) {
        ForeignFile.check(source, data);
        Cursor cursor = new Cursor(source, data);
        cursor.slice(4, "magic");
        int version = Version.read(cursor);
        long tensorCount = cursor.int64(TensorInfoReader.COUNT);
        long keyCount = cursor.int64(MetadataReader.COUNT);
        TensorInfoReader.checkCount(cursor, tensorCount, TENSOR_COUNT_AT);
        GgufMetadata metadata = new MetadataReader(cursor).read(keyCount, KEY_COUNT_AT);
        int alignment = metadata.alignment();
        List<GgufTensorInfo> tensors =
                new TensorInfoReader(cursor, alignment, part).read((int) tensorCount);
        long dataOffset = aligned(cursor.position(), alignment);
        return new Header(version, alignment, dataOffset, metadata, tensors);
    }

    static long aligned(long position, long alignment) {
        return (position + alignment - 1) / alignment * alignment;
    }
}
