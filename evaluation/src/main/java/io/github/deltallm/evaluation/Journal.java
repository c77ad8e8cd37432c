package io.github.deltallm.evaluation;

import io.github.deltallm.api.AttentionCounts;
import io.github.deltallm.api.CacheBytes;
import io.github.deltallm.api.DeltaLlmException;

import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The file of finished items: a JSON object a line, appended in one write as soon as it is known.
 *
 * <p>A process that is killed leaves at most the beginning of a line, which the next one removes.
 * Lines of other runs (another model, other settings) stay and are not looked at, so one file may
 * hold several; results of more items than a run asks for are not lost either.
 */
final class Journal implements AutoCloseable {
    private final Path file;
    private final FileChannel channel;
    private final Map<Key, Map<String, ItemResult>> results = new HashMap<>();

    /**
     * Whose results they are.
     *
     * @param run what decides the results, apart from attention and item: see {@link RunKey}
     * @param model SHA-256 of the model file
     */
    record Key(String run, String model, String task, String attention) {}

    private Journal(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /**
     * Opens or makes the file, and reads what is there.
     *
     * @throws DeltaLlmException if it can't be read or written, another process writes to it, or a
     *     line is damaged
     */
    static Journal open(Path file) {
        try {
            FileChannel channel =
                    FileChannel.open(
                            file,
                            StandardOpenOption.CREATE,
                            StandardOpenOption.READ,
                            StandardOpenOption.WRITE);
            Journal journal = new Journal(file, channel);
            try {
                journal.lock();
                journal.read();
                return journal;
            } catch (Throwable failure) {
                channel.close();
                throw failure;
            }
        } catch (IOException e) {
            throw new DeltaLlmException(
                    "the file " + file + " can't be read and written: " + e.getMessage(), e);
        }
    }

    private void lock() throws IOException {
        boolean locked;
        try {
            locked = channel.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            locked = false;
        }
        if (!locked) {
            throw new DeltaLlmException(
                    "another evaluation writes to "
                            + file
                            + "; wait for it or give another folder with --out");
        }
    }

    private void read() throws IOException {
        byte[] bytes = new byte[Math.toIntExact(channel.size())];
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining() && channel.read(buffer) >= 0) {}
        int start = 0;
        int line = 0;
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] == '\n') {
                line++;
                String text = new String(bytes, start, i - start, StandardCharsets.UTF_8);
                keep(JsonTree.parse("the file " + file + ", line " + line, text));
                start = i + 1;
            }
        }
        channel.truncate(start);
        channel.position(start);
    }

    private void keep(JsonTree line) {
        Key key =
                new Key(
                        line.get("run").text(),
                        line.get("model").text(),
                        line.get("task").text(),
                        line.get("attention").text());
        ItemResult result = result(line);
        of(key).put(result.item(), result);
    }

    private Map<String, ItemResult> of(Key key) {
        return results.computeIfAbsent(key, any -> new HashMap<>());
    }

    /** Finished items by id; grows as results are added. */
    Map<String, ItemResult> finished(Key key) {
        return Collections.unmodifiableMap(of(key));
    }

    /**
     * Appends a finished item.
     *
     * @throws DeltaLlmException if that fails
     */
    void add(Key key, ItemResult result) {
        ByteBuffer line = StandardCharsets.UTF_8.encode(line(key, result) + "\n");
        try {
            while (line.hasRemaining()) {
                channel.write(line);
            }
        } catch (IOException e) {
            throw new DeltaLlmException(
                    "the file " + file + " can't be written: " + e.getMessage(), e);
        }
        of(key).put(result.item(), result);
    }

    private static String line(Key key, ItemResult result) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json =
                JsonFactory.builder().build().createGenerator(ObjectWriteContext.empty(), text)) {
            json.writeStartObject();
            json.writeStringProperty("run", key.run());
            json.writeStringProperty("model", key.model());
            json.writeStringProperty("task", key.task());
            json.writeStringProperty("attention", key.attention());
            json.writeStringProperty("item", result.item());
            json.writeName("values");
            json.writeStartObject();
            result.values()
                    .forEach((name, numbers) -> {
                        json.writeName(name);
                        json.writeArray(numbers, 0, numbers.length);
                    });
            json.writeEndObject();
            json.writeStringProperty("text", result.text());
            Usage usage = result.usage();
            json.writeNumberProperty("tokens", usage.tokens());
            json.writeNumberProperty("nanos", usage.nanos());
            longs(json, "prefill", counts(usage.prefill()));
            longs(json, "decode", counts(usage.decode()));
            CacheBytes bytes = usage.bytes();
            longs(
                    json,
                    "bytes",
                    bytes.keys(),
                    bytes.values(),
                    bytes.denseKeys(),
                    bytes.denseValues());
            json.writeEndObject();
        }
        return text.toString();
    }

    private static void longs(JsonGenerator json, String name, long... numbers) {
        json.writeName(name);
        json.writeArray(numbers, 0, numbers.length);
    }

    private static long[] counts(AttentionCounts counts) {
        return new long[] {
            counts.keyElements(),
            counts.keyUnchanged(),
            counts.keyMacs(),
            counts.keyCost(),
            counts.valueElements(),
            counts.valueUnchanged(),
            counts.valueMacs(),
            counts.valueCost(),
            counts.executedMacs()
        };
    }

    private static ItemResult result(JsonTree line) {
        Map<String, double[]> values = new LinkedHashMap<>();
        JsonTree all = line.get("values");
        for (Object name : all.members().keySet()) {
            values.put(
                    String.valueOf(name),
                    all.get(String.valueOf(name)).items().stream()
                            .mapToDouble(JsonTree::number)
                            .toArray());
        }
        long[] bytes = longs(line.get("bytes"), 4);
        return new ItemResult(
                line.get("item").text(),
                values,
                line.get("text").text(),
                new Usage(
                        line.get("tokens").wholeNumber(),
                        line.get("nanos").wholeNumber(),
                        counts(line.get("prefill")),
                        counts(line.get("decode")),
                        new CacheBytes(bytes[0], bytes[1], bytes[2], bytes[3])));
    }

    private static AttentionCounts counts(JsonTree tree) {
        long[] n = longs(tree, 9);
        return new AttentionCounts(n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8]);
    }

    private static long[] longs(JsonTree tree, int count) {
        List<JsonTree> items = tree.items();
        if (items.size() != count) {
            throw new DeltaLlmException(tree.place() + " does not hold " + count + " numbers");
        }
        return items.stream().mapToLong(JsonTree::wholeNumber).toArray();
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new DeltaLlmException(
                    "the file " + file + " can't be closed: " + e.getMessage(), e);
        }
    }
}
