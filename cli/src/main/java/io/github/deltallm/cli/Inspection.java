package io.github.deltallm.cli;

import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.spi.TensorType;
import io.github.deltallm.engine.gguf.GgufArray;
import io.github.deltallm.engine.gguf.GgufFile;
import io.github.deltallm.engine.gguf.GgufTensorInfo;
import io.github.deltallm.engine.gguf.GgufText;
import io.github.deltallm.engine.gguf.GgufValue;
import io.github.deltallm.engine.tokenizer.Tokenizer;

import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a model file says of itself; nothing here needs a model family that knows it.
 *
 * @param file the open file
 * @param architecture the value of {@code general.architecture}, empty where it is absent
 * @param shapes sizes by name, those that the file has
 * @param types what there is of every tensor type
 * @param vocabulary what there is of a tokenizer
 */
record Inspection(
        GgufFile file,
        String architecture,
        Map<String, Long> shapes,
        Map<TensorType, Share> types,
        Vocabulary vocabulary) {

    /** Names of sizes, and the metadata keys that follow the architecture's name and a dot. */
    private static final Map<String, String> SHAPES = new LinkedHashMap<>();

    static {
        SHAPES.put("context", "context_length");
        SHAPES.put("layers", "block_count");
        SHAPES.put("embedding", "embedding_length");
        SHAPES.put("feed_forward", "feed_forward_length");
        SHAPES.put("heads", "attention.head_count");
        SHAPES.put("kv_heads", "attention.head_count_kv");
        SHAPES.put("head_dim", "attention.key_length");
    }

    /** Tensors of one type. */
    record Share(int count, long values, long bytes) {
        Share plus(GgufTensorInfo tensor) {
            long size = (long) tensor.rows() * tensor.columns();
            return new Share(count + 1, values + size, bytes + tensor.bytes());
        }
    }

    /**
     * The tokenizer.
     *
     * @param model the value of {@code tokenizer.ggml.model}
     * @param pre the value of {@code tokenizer.ggml.pre}
     * @param size number of tokens
     * @param algorithm its name for people, where it is supported
     * @param problem why it is not
     * @param special ids by role
     * @param addBos whether texts begin with BOS, where it is supported
     * @param template whether there is a chat template
     */
    record Vocabulary(
            Optional<String> model,
            Optional<String> pre,
            int size,
            Optional<String> algorithm,
            Optional<String> problem,
            Map<String, Integer> special,
            boolean addBos,
            boolean template) {}

    static Inspection of(GgufFile file) {
        Map<String, GgufValue> values = file.values();
        String architecture = text(values, "general.architecture").orElse("");
        Map<TensorType, Share> types = new EnumMap<>(TensorType.class);
        for (GgufTensorInfo tensor : file.tensorInfos()) {
            types.put(
                    tensor.type(),
                    types.getOrDefault(tensor.type(), new Share(0, 0, 0)).plus(tensor));
        }
        return new Inspection(
                file, architecture, shapes(values, architecture), types, vocabulary(file, values));
    }

    /** Number of weights. */
    long parameters() {
        return types.values().stream().mapToLong(Share::values).sum();
    }

    /** Bytes of all tensors. */
    long tensorBytes() {
        return types.values().stream().mapToLong(Share::bytes).sum();
    }

    Optional<String> name() {
        return text(file.values(), "general.name");
    }

    private static Map<String, Long> shapes(Map<String, GgufValue> values, String architecture) {
        Map<String, Long> shapes = new LinkedHashMap<>();
        SHAPES.forEach((name, key) -> {
            if (values.get(architecture + "." + key) instanceof GgufValue.Int number) {
                shapes.put(name, number.value());
            }
        });
        Long embedding = shapes.get("embedding");
        Long heads = shapes.get("heads");
        if (embedding != null && heads != null && heads > 0) {
            shapes.putIfAbsent("head_dim", embedding / heads);
        }
        return shapes;
    }

    private static Vocabulary vocabulary(GgufFile file, Map<String, GgufValue> values) {
        Optional<String> model = text(values, "tokenizer.ggml.model");
        Optional<String> pre = text(values, "tokenizer.ggml.pre");
        boolean template = values.containsKey("tokenizer.chat_template");
        int size =
                values.get("tokenizer.ggml.tokens") instanceof GgufArray tokens ? tokens.size() : 0;
        try {
            Tokenizer tokenizer = Tokenizer.of(file.metadata());
            return new Vocabulary(
                    model,
                    pre,
                    size,
                    Optional.of(tokenizer.algorithm()),
                    Optional.empty(),
                    special(tokenizer),
                    tokenizer.addBosByDefault(),
                    template);
        } catch (DeltaLlmException e) {
            return new Vocabulary(
                    model,
                    pre,
                    size,
                    Optional.empty(),
                    Optional.of(String.valueOf(e.getMessage())),
                    Map.of(),
                    false,
                    template);
        }
    }

    private static Map<String, Integer> special(Tokenizer tokenizer) {
        Map<String, Integer> ids = new LinkedHashMap<>();
        put(ids, "bos", tokenizer.bos());
        put(ids, "eos", tokenizer.eos());
        put(ids, "eot", tokenizer.eot());
        put(ids, "unk", tokenizer.unk());
        put(ids, "pad", tokenizer.pad());
        return ids;
    }

    private static void put(Map<String, Integer> ids, String role, OptionalInt id) {
        id.ifPresent(value -> ids.put(role, value));
    }

    private static Optional<String> text(Map<String, GgufValue> values, String key) {
        return values.get(key) instanceof GgufText text
                ? Optional.of(text.value())
                : Optional.empty();
    }

    /** Tensors in the order of the file. */
    List<GgufTensorInfo> tensors() {
        return file.tensorInfos();
    }
}
