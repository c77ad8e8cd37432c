package io.github.deltallm.cli;

import io.github.deltallm.api.spi.TensorType;
import io.github.deltallm.engine.gguf.GgufArray;
import io.github.deltallm.engine.gguf.GgufTensorInfo;
import io.github.deltallm.engine.gguf.GgufText;
import io.github.deltallm.engine.gguf.GgufType;
import io.github.deltallm.engine.gguf.GgufValue;

import java.math.BigInteger;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** An inspection as JSON. */
record InspectionJson(Inspection inspection) {
    void write(Json json, boolean tensors) {
        json.put("file", inspection.file().name())
                .put("bytes", inspection.file().size())
                .put("parts", inspection.file().parts())
                .put("version", inspection.file().version())
                .put("name", inspection.name().orElse(null))
                .put("architecture", inspection.architecture())
                .put("parameters", inspection.parameters())
                .put("shapes", shapes -> inspection.shapes().forEach(shapes::put))
                .put("tensors", inspection.tensors().size())
                .put("tensor_bytes", inspection.tensorBytes())
                .putAll(
                        "tensor_types",
                        List.copyOf(inspection.types().entrySet()),
                        InspectionJson::type)
                .put("tokenizer", this::tokenizer)
                .put("metadata", this::metadata);
        if (tensors) {
            json.putAll("tensor_list", inspection.tensors(), InspectionJson::tensor);
        }
    }

    private static void type(Json json, Map.Entry<TensorType, Inspection.Share> type) {
        json.put("type", type.getKey().name())
                .put("count", type.getValue().count())
                .put("bytes", type.getValue().bytes());
    }

    private void tokenizer(Json json) {
        Inspection.Vocabulary vocabulary = inspection.vocabulary();
        json.put("model", vocabulary.model().orElse(null))
                .put("pre", vocabulary.pre().orElse(null))
                .put("algorithm", vocabulary.algorithm().orElse(null))
                .put("problem", vocabulary.problem().orElse(null))
                .put("vocabulary", vocabulary.size())
                .put("special", ids -> vocabulary.special().forEach(ids::put))
                .put("add_bos", vocabulary.addBos())
                .put("chat_template", vocabulary.template());
    }

    private void metadata(Json json) {
        inspection
                .file()
                .values()
                .forEach((key, value) -> {
                    switch (value) {
                        case GgufValue.Int number
                                when number.type() == GgufType.UINT64 && number.value() < 0 ->
                                json.put(key, new BigInteger(number.display()));
                        case GgufValue.Int number -> json.put(key, number.value());
                        case GgufValue.Real number -> json.put(key, number.value());
                        case GgufValue.Bool bool -> json.put(key, bool.value());
                        case GgufText text -> json.put(key, text.value());
                        case GgufArray array -> json.put(key, member -> abbreviated(member, array));
                    }
                });
    }

    private static void abbreviated(Json json, GgufArray array) {
        json.put("elements", array.elementType().name().toLowerCase(Locale.ROOT))
                .put("size", array.size())
                .put("begins", array.display());
    }

    private static void tensor(Json json, GgufTensorInfo tensor) {
        json.put("name", tensor.name())
                .put("type", tensor.type().name())
                .putNumbers("dimensions", tensor.dimensions())
                .put("part", tensor.part())
                .put("offset", tensor.offset())
                .put("bytes", tensor.bytes());
    }
}
